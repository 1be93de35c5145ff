package ocds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"heyue/domain/ocds"
)

// BenchmarkRead measures the whole way from bytes to processes. Besides ns and bytes per second it reports
// contracts per second, counted after merging.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"canada", "colombia", "jalisco", "airports"} {
		b.Run(name, func(b *testing.B) {
			path := benchFile(b, files[name], 20)
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			b.ReportAllocs()
			contracts, before := 0, cpuSeconds(b)
			for b.Loop() {
				contracts += drain(b, path)
			}
			b.ReportMetric(float64(contracts)/b.Elapsed().Seconds(), "contracts/s")
			b.ReportMetric(float64(contracts)/(cpuSeconds(b)-before), "contracts/cpu-s")
		})
	}
}

// BenchmarkStandardDecoder is the yardstick: what encoding/json takes to only decode the same bytes.
func BenchmarkStandardDecoder(b *testing.B) {
	data := plainBytes(b, files["airports"])
	lines := bytes.Split(data, []byte{'\n'})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for _, l := range lines {
			if len(l) > 0 {
				var v any
				if err := json.Unmarshal(l, &v); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// benchFile writes n copies of a data file, each with ocids of its own.
func benchFile(b *testing.B, name string, n int) string {
	b.Helper()
	data := plainBytes(b, name)
	var out bytes.Buffer
	for i := range n {
		out.Write(bytes.ReplaceAll(data, []byte(`"ocid":"`), fmt.Appendf(nil, `"ocid":"%d-`, i)))
	}
	path := filepath.Join(b.TempDir(), "bench.jsonl")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func drain(b *testing.B, path string) int {
	r, err := ocds.Open(path, ocds.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	contracts := 0
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return contracts
		}
		if err != nil {
			b.Fatal(err)
		}
		contracts += len(p.Contracts)
	}
}

// cpuSeconds is the processor time this process has used; unlike the clock it does not count the neighbours.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
