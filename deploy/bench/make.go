package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// input is a folder of patients.
type input struct {
	dir      string
	files    []string
	patients int
	bytes    int64 // unpacked
}

type inputs struct {
	plain, packed *input
	small         string // the smallest patient
}

// makeInputs repeats the samples until there are enough, each time with other ids, so that every
// patient is one more. It is a process of its own, since what a parent takes in memory is counted
// as its children's.
func makeInputs(o *options) (*inputs, error) {
	in := &inputs{}
	for _, m := range []struct {
		to   **input
		name string
		gz   bool
	}{{&in.plain, "plain", false}, {&in.packed, "packed", true}} {
		dir := filepath.Join(o.work, m.name)
		made := role("", 1, "make", o.samples, dir, strconv.Itoa(o.megabytes), strconv.FormatBool(m.gz))
		if err := made.once(); err != nil {
			return nil, fmt.Errorf("making inputs: %w", err)
		}
		*m.to = &input{dir: dir, patients: made.reported[0], bytes: int64(made.reported[1])}
	}
	var err error
	if in.plain.files, err = filepath.Glob(filepath.Join(in.plain.dir, "*")); err != nil {
		return nil, err
	}
	in.small, err = smallest(in.plain.files)
	return in, err
}

func smallest(files []string) (string, error) {
	best, size := "", int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return "", err
		}
		if best == "" || info.Size() < size {
			best, size = f, info.Size()
		}
	}
	return best, nil
}

// makeAll fills a folder and prints how many patients and bytes it holds.
func makeAll(args []string) error {
	if len(args) != 4 {
		return errors.New("make SAMPLES DIR MEGABYTES PACKED")
	}
	megabytes, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	samples, err := filepath.Glob(filepath.Join(args[0], "*.json*"))
	if err != nil || len(samples) == 0 {
		return fmt.Errorf("no *.json or *.json.gz in %q (-samples, or RLSGUARD_CORPUS)", args[0])
	}
	if err := os.MkdirAll(args[1], 0o777); err != nil {
		return err
	}
	n, size := 0, 0
	for ; size < megabytes*1e6; n++ {
		b, err := sample(samples[n%len(samples)])
		if err != nil {
			return err
		}
		b = rename(b, uint32(n/len(samples)))
		size += len(b)
		if err := save(filepath.Join(args[1], fmt.Sprintf("%05d.json", n)), b, args[3] == "true"); err != nil {
			return err
		}
	}
	fmt.Println(n, size)
	return nil
}

func sample(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(z)
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// rename gives all ids of a document, which are UUIDs, the form that they have in its n-th
// repetition.
func rename(b []byte, n uint32) []byte {
	return uuid.ReplaceAllFunc(b, func(id []byte) []byte {
		out := append([]byte(nil), id...)
		var head [4]byte
		if _, err := hex.Decode(head[:], id[:8]); err == nil {
			binary.BigEndian.PutUint32(head[:], binary.BigEndian.Uint32(head[:])+n*2654435761)
			hex.Encode(out, head[:])
		}
		return out
	})
}

func save(path string, b []byte, packed bool) error {
	if !packed {
		return os.WriteFile(path, b, 0o666)
	}
	f, err := os.Create(path + ".gz")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	_, err = z.Write(b)
	return errors.Join(err, z.Close(), f.Close())
}
