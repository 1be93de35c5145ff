package ocds

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"heyue/platform/fault"
)

// source is the input as a stream for the first pass and by offset for the second. A plain file serves both;
// anything else is copied to a temporary file on the way.
type source struct {
	name   string
	raw    io.Reader
	file   *os.File // opened by Open; nil for a stream
	spill  *os.File
	random io.ReaderAt
	size   int64 // bytes of raw, or -1
	read   atomic.Int64
}

// openSource returns a NotFound fault when there is no such file and an Invalid one for a directory.
func openSource(path string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fault.NoSuch("file "+path, "file")
		}
		return nil, &fault.Fault{Kind: fault.Invalid, Code: fault.Malformed, Message: "cannot open " + path, Field: []string{"file"}, Cause: err}
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fault.New(fault.Invalid, fault.Malformed, "%s is a directory", path).At("file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	size := int64(-1)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	return &source{name: path, raw: f, file: f, size: size}, nil
}

// stream prepares the first pass: it undoes compression and UTF-16 and sees to it that the bytes can be read
// again. lines tells whether the input is JSON Lines.
func (s *source) stream(opt Options) (r io.Reader, lines bool, err error) {
	in := bufio.NewReaderSize(&meter{r: s.raw, n: &s.read}, scanBuffer)
	plain := s.file != nil && s.size >= 0
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, false, fault.New(fault.Invalid, fault.Malformed, "the file is not a whole gzip file").At("file")
		}
		in, plain = bufio.NewReaderSize(z, scanBuffer), false
	}
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}) {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		in, plain = bufio.NewReaderSize(transform.NewReader(in, utf16), scanBuffer), false
	}
	head, err := in.Peek(scanBuffer)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, false, err
	}
	lines = opt.Format == JSONLines || opt.Format == Auto && looksLikeLines(s.name, head)
	if plain {
		s.random = s.file
		return in, lines, nil
	}
	if s.spill, err = os.CreateTemp(opt.TempDir, "heyue-ocds-input-*"); err != nil {
		return nil, false, err
	}
	s.random = s.spill
	return io.TeeReader(in, s.spill), lines, nil
}

// looksLikeLines decides between JSON and JSON Lines. A second line that opens an object or list can only
// continue the first one when that ends in a bracket, a comma or a colon.
func looksLikeLines(name string, head []byte) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	if strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson") {
		return true
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	first, rest, found := bytes.Cut(head, []byte{'\n'})
	if !found {
		return false
	}
	first = bytes.TrimRight(first, " \t\r")
	second := bytes.TrimLeft(rest, " \t\r\n")
	if len(first) < 2 || len(second) == 0 || second[0] != '{' && second[0] != '[' {
		return false
	}
	return strings.IndexByte("{[,:", first[len(first)-1]) < 0
}

// close frees the file and removes the temporary copy.
func (s *source) close() error {
	err := discard(s.spill)
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

// meter counts what is read, for Progress.
type meter struct {
	r io.Reader
	n *atomic.Int64
}

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.n.Add(int64(n))
	return n, err
}
