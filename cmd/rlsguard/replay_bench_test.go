package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// BenchmarkReplay reads, folds, decides and prints patients that all have a flag: the most that
// replay can have to do.
func BenchmarkReplay(b *testing.B) {
	const patients = 2000
	one, err := os.ReadFile(filepath.Join(scenarios, "007-aripiprazole-low", "input.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	var data bytes.Buffer
	for i := range patients {
		data.Write(bytes.ReplaceAll(one, []byte("scn-007"), []byte("scn-"+strconv.Itoa(i))))
	}
	path := filepath.Join(b.TempDir(), "many.ndjson")
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	events := bytes.Count(data.Bytes(), []byte("\n"))
	b.SetBytes(int64(data.Len()))
	b.ReportAllocs()
	for b.Loop() {
		p := &terminal.Program{Stdout: bufio.NewWriter(io.Discard), Stderr: io.Discard, Now: scenarioNow}
		if code := execute(p, []string{"replay", "--as-of", scenarioAsOf, "--format", "json",
			path}); code != terminal.ExitDone {
			b.Fatalf("exit %d", code)
		}
	}
	b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
}
