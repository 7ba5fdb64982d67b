package operate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

func FuzzExport(f *testing.F) {
	key := []byte("key of the tests, not secret")
	var b bytes.Buffer
	w, err := newExportWriter(
		&b,
		exportHeader{
			Format:  exportFormat,
			Version: exportVersion,
			States:  layout.StateFormat,
			Key:     layout.Fingerprint(key),
		},
	)
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Record(layout.SubjectPatient+"00112233445566778899aabbccddeeff", nil,
		codec.Append(nil, &checks.State{Patient: "Patient/1"})); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		f.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add(plain[:len(plain)-1])
	f.Fuzz(func(t *testing.T, plain []byte) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(plain)
		w.Close()
		_, err := CheckExport(key, &b)
		if err != nil && !errors.Is(err, ErrExport) && !errors.Is(err, layout.ErrNewerFormat) &&
			!errors.Is(err, layout.ErrOtherKey) {
			t.Errorf("an error of no kind: %v", err)
		}
	})
}
