// Command gen writes the table of settings into the document whose path it is given.
package main

import (
	"log"
	"os"

	"heyue/platform/config"
)

func main() {
	path := os.Args[1]
	doc, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	text, err := config.Rewrite(string(doc))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}
