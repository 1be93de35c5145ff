package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand prints what was built, for bug reports.
type versionCommand struct{}

// Run prints one line: the version, the commit when the build knows it, the Go release and the platform.
func (versionCommand) Run(c *call) error {
	_, err := fmt.Fprintln(c.out, "heyue", version())
	return err
}

func version() string {
	v, commit := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = " " + s.Value
			}
		}
	}
	return fmt.Sprintf("%s%s %s %s/%s", v, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
