package files

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// TestInputOrder: paths stay in the order given, the files of a folder are sorted by their whole
// path, and only FHIR files count in it.
func TestInputOrder(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"in/b/x.json", "in/b.json", "in/a/z.ndjson.gz", "in/a-1.json", "in/a/b.json.gz",
		"in/note.txt", "in/c.json.bak", "in/UP.JSON", "in/a/Mixed.NdJson.GZ", "in/a/lines.jsonl", "last.data"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	in, err := Open([]string{"last.data", "in", "-"}, &terminal.Program{Stdin: strings.NewReader("stdin")})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var got []string
	for _, s := range in.Sources {
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(s.Name)+" holds "+string(data))
	}
	want := []string{
		"last.data holds last.data", "in/UP.JSON holds in/UP.JSON", "in/a-1.json holds in/a-1.json",
		"in/a/Mixed.NdJson.GZ holds in/a/Mixed.NdJson.GZ", "in/a/b.json.gz holds in/a/b.json.gz",
		"in/a/z.ndjson.gz holds in/a/z.ndjson.gz",
		"in/b.json holds in/b.json", "in/b/x.json holds in/b/x.json", "- holds stdin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]Unread{{"in", unreadName, 3, "3 files not read, by name: 1 .bak, 1 .jsonl, 1 .txt"}},
		in.Unread); diff != "" {
		t.Errorf("not read (-want +got)\n%s", diff)
	}
	if total := totalSize(in.Sources); total != 0 {
		t.Errorf("the size of standard input is known: %d", total)
	}
}

// TestNoLinkLeadsOut: a folder handed in by somebody else cannot make other files of this machine
// be read.
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
		"file.json": filepath.Join(outside, "secret.json"), "up.json": "../outside/secret.json", "folder": outside,
		"none.json": "nowhere.json",
	} {
		makeLink(t, target, filepath.Join(inside, link))
	}
	in, err := Open([]string{inside}, &terminal.Program{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var told []string
	for _, u := range in.Unread {
		told = append(told, filepath.Base(u.Source)+" "+u.Reason)
	}
	if diff := cmp.Diff([]string{"file.json link", "folder link", "none.json link", "up.json link", "inside name"},
		told); diff != "" ||
		len(in.Sources) != 0 {
		t.Errorf("%d files would be read, (-want +got)\n%s", len(in.Sources), diff)
	}
}

// TestLinksInsideAreFollowed: however they are written, and without going round in circles. A
// folder that is linked to is read once.
func TestLinksInsideAreFollowed(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "..2026", "order.data")
	if err := os.MkdirAll(filepath.Dir(real), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(real, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"..data": "..2026", "order.json": "..data/order.data", "absolute.json": real, "again.json": "order.json",
		"loop.json": "loop.json", "..2026/up": "..", "whole": dir, "notes.txt": "order.json",
	} {
		makeLink(t, target, filepath.Join(dir, link))
	}
	in, err := Open([]string{dir}, &terminal.Program{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var got []string
	for _, s := range in.Sources {
		r, err := s.Open()
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		r.Close()
		got = append(got, filepath.Base(s.Name))
	}
	for _, u := range in.Unread {
		got = append(got, filepath.Base(u.Source)+" "+u.Reason)
	}
	want := []string{"absolute.json", "again.json", "order.json", "loop.json link", filepath.Base(dir) + " name"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if last := in.Unread[len(in.Unread)-1]; last.Count != 2 || !strings.Contains(last.Detail, "1 .data, 1 .txt") {
		t.Errorf("%+v", last)
	}
}

// makeLink makes a link. Where a file system has none, the test has nothing to try.
func makeLink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skipf("no links here: %v", err)
	}
}
