// Package explorer serves GraphiQL at /explorer out of the binary, for people who try the API. The page asks no other
// host for anything, and its content security policy would not let it.
package explorer

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var files embed.FS

// Path is where the page is.
const Path = "/explorer"

// policy lets the page load its own files and ask its own host, and nothing else. Styles are set by scripts only, which
// needs no leave; fonts and images of the style sheet stand in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at Path and its files below.
func Handler() http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	server := http.StripPrefix(Path, http.FileServerFS(static))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		name := strings.TrimPrefix(r.URL.Path, Path)
		switch {
		case name == "" || name == "/":
			http.ServeFileFS(w, r, static, "index.html")
		case path.Ext(name) == "" || name == "/index.html":
			http.NotFound(w, r)
		default:
			server.ServeHTTP(w, r)
		}
	})
}
