package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInputOrder: paths stay in the order given, the files of a folder are sorted by their whole path, and only FHIR files count in it.
func TestInputOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"in/b/x.json", "in/b.json", "in/a/z.ndjson.gz", "in/a-1.json", "in/a/b.json.gz", "in/note.txt", "in/c.json.bak", "last.data"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	in, err := openInputs([]string{"last.data", "in", "-"}, strings.NewReader("stdin"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	var got []string
	for _, s := range in.sources {
		r, err := s.open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(s.name)+" holds "+string(data))
	}
	want := []string{
		"last.data holds last.data", "in/a-1.json holds in/a-1.json", "in/a/b.json.gz holds in/a/b.json.gz", "in/a/z.ndjson.gz holds in/a/z.ndjson.gz",
		"in/b.json holds in/b.json", "in/b/x.json holds in/b/x.json", "- holds stdin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if total := totalSize(in.sources); total != 0 {
		t.Errorf("the size of standard input is known: %d", total)
	}
}

// TestNoLinkLeadsOut: a folder handed in by somebody else cannot make other files of this machine be read.
func TestNoLinkLeadsOut(t *testing.T) {
	dir := t.TempDir()
	outside, inside := filepath.Join(dir, "outside"), filepath.Join(dir, "inside")
	for _, d := range []string{outside, inside} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "secret.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"file.json": filepath.Join(outside, "secret.json"), "up.json": "../outside/secret.json", "folder": outside, "none.json": "nowhere.json",
	} {
		if err := os.Symlink(target, filepath.Join(inside, link)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	in, err := openInputs([]string{inside}, nil)
	if err == nil {
		in.close()
		t.Fatalf("%d files would be read", len(in.sources))
	}
	if got := err.Error(); strings.Count(got, "not read, a link that leads nowhere or out of the folder") != 3 || !strings.Contains(got, "no file in it ends in .json") {
		t.Errorf("told: %s", got)
	}
}
