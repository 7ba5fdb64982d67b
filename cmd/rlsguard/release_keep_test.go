package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// releasePatience is how long a command or a start may take before it counts as hung.
const releasePatience = 2 * time.Minute

// erasedPatient is one that a release forgot, so that a replay must not know it either.
const erasedPatient = "rel-erased"

// keepRelease has a release take the input in and answer, forget a patient, export, and end; and
// keeps what it left behind.
func keepRelease(t *testing.T, binary, folder string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	s := startServe(t, binary, dir)
	s.run(terminal.ExitRejected, "publish", "--wait", filepath.Join(releases, "input.ndjson"))
	answers := map[string][]string{"mirtazapine": {"ack"}, "sertraline": {"override", "--reason", "will-monitor"}}
	for _, f := range releaseFlags(t, s.run(0, "watch", "--once", "--format", "json")) {
		if answer := answers[f.Ingredient]; f.Patient == "Patient/rel-5" && answer != nil {
			s.run(0, append(answer, "--author", "Practitioner/7", f.ID)...)
		}
	}
	for deadline := time.Now().Add(time.Minute); !answered(t, s); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the answers are not seen")
		}
	}
	key := filepath.Join(dir, "site.key")
	s.run(0, "erase", "--key-file", key, "Patient/"+erasedPatient, "--yes")
	asOf := time.Now().UTC().Add(time.Second).Format(time.RFC3339)
	export := filepath.Join(t.TempDir(), "export.gz")
	s.run(0, "export", "--key-file", key, export)
	input := s.inbound()
	s.stop()

	data, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"export.gz": data, "input.ndjson.gz": zipped(t, input),
		"data.tar.gz": packFolder(t, dir), "as-of": []byte(asOf + "\n")} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func answered(t *testing.T, s *served) bool {
	t.Helper()
	n := 0
	for _, f := range releaseFlags(t, s.run(0, "watch", "--once", "--format", "json")) {
		if f.State != "open" {
			n++
		}
	}
	return n == 2
}

// served is a running serve with a server inside.
type served struct {
	t           *testing.T
	binary, url string
	cmd         *exec.Cmd
	log         *bytes.Buffer // to be read when it has ended
	ended       chan struct{}
}

// startServe starts one on a data folder and waits until it is ready.
func startServe(t *testing.T, binary, dir string, options ...string) *served {
	t.Helper()
	s := &served{t: t, binary: binary, log: &bytes.Buffer{}, ended: make(chan struct{})}
	s.cmd = exec.Command(
		binary,
		append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"}, options...)...)
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { s.cmd.Process.Kill(); <-s.ended })
	s.waitReady(dir)
	url, err := os.ReadFile(filepath.Join(dir, "nats.url"))
	if err != nil {
		t.Fatal(err)
	}
	s.url = strings.TrimSpace(string(url))
	return s
}

func (s *served) waitReady(dir string) {
	s.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	for deadline := time.Now().Add(releasePatience); ; time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			s.t.Fatalf("serve ended: %s", s.log)
		default:
		}
		if address, err := os.ReadFile(filepath.Join(dir, "http.url")); err == nil {
			if resp, err := client.Get(strings.TrimSpace(string(address)) + "/readyz"); err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return
				}
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatal("serve does not turn ready")
		}
	}
}

// stop ends it as an operator does.
func (s *served) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(releasePatience):
		s.t.Fatal("serve does not end")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Fatalf("serve ended with %d: %s", code, s.log)
	}
}

// run runs another command of the same release against it.
func (s *served) run(code int, args ...string) string {
	s.t.Helper()
	return runIn(s.t, []string{"NATS_URL=" + s.url}, s.binary, code, args...)
}

// runIn runs a command that has to end with code, and gives its standard output.
func runIn(t *testing.T, env []string, binary string, code int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), releasePatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(append(os.Environ(), "NATS_URL=", "XDG_DATA_HOME="+t.TempDir()), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s: %v, and %d is expected\n%s%s", args, err, code, &stdout, &stderr)
	}
	return stdout.String()
}

// inbound is what came in, a line each, without what was erased.
func (s *served) inbound() []byte {
	s.t.Helper()
	nc, err := nats.Connect(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	stream, err := js.Stream(s.t.Context(), layout.StreamFHIR)
	if err != nil {
		s.t.Fatal(err)
	}
	var lines bytes.Buffer
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		m, err := stream.GetMsg(s.t.Context(), seq)
		if err != nil {
			s.t.Fatal(err)
		}
		if bytes.Contains(m.Data, []byte(erasedPatient)) {
			continue
		}
		if err := json.Compact(&lines, m.Data); err != nil {
			lines.Write(bytes.TrimSpace(m.Data))
		}
		lines.WriteByte('\n')
	}
	return lines.Bytes()
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packFolder puts a folder into an archive, its files in order.
func packFolder(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped(t, b.Bytes())
}

func unpackFolder(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o700)
		} else {
			err = unpackFile(r, path, h.FileInfo().Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func unpackFile(r io.Reader, path string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, mode.Perm())
}
