package embedded

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// minKey is the shortest site key that is taken, in bytes: below, references could be guessed back
// from flag ids.
const minKey = 16

// ReadSiteKey reads the secret that flag ids and tokens are made with. White space at its ends does
// not count.
func ReadSiteKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("site key: %w", err)
	}
	if b = bytes.TrimSpace(b); len(b) < minKey {
		return nil, fmt.Errorf("site key %s has %d bytes, at least %d are needed", path, len(b), minKey)
	}
	return b, nil
}

// SiteKey reads the site key of a data folder, and makes one when there is none and the folder holds
// no store: what is stored was made with the key that is gone.
func SiteKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, "site.key")
	key, err := ReadSiteKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if hasStreams(dir) {
		return nil, fmt.Errorf(
			"%s is missing, and %s holds states made with it: put your copy back, or name it with --key-file",
			path,
			dir,
		)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	raw := make([]byte, 32)
	rand.Read(raw)
	key = []byte(hex.EncodeToString(raw))
	if err := WriteFile(path, append(bytes.Clone(key), '\n')); err != nil {
		return nil, fmt.Errorf("site key: %w", err)
	}
	return key, nil
}

// WriteFile puts a secret in place at once and whole, readable for its owner alone.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
