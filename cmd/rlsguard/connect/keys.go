package connect

import (
	"fmt"
	"os"
	"runtime"

	"github.com/rlsguard/rlsguard/consumers/embedded"
)

// PublicTestKey makes the flag ids of a replay without --key-file: the same on every machine, and
// no secret at all.
const PublicTestKey = "rlsguard public test key"

// ReadKey reads a site key that nobody but its owner may read.
func ReadKey(path string) ([]byte, error) {
	if err := Private(path); err != nil {
		return nil, fmt.Errorf("site key: %w", err)
	}
	return embedded.ReadSiteKey(path)
}

// ReplayKey is the key for the ids of flags that nobody stores: that of a file, or the public one
// meant for tests.
func ReplayKey(path string) ([]byte, error) {
	if path == "" {
		return []byte(PublicTestKey), nil
	}
	return ReadKey(path)
}

// Private refuses a file that others than its owner may read. One of root's that its group may read
// is how an orchestrator hands a secret to a process of another user.
func Private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0o040 && lentByRoot(info) {
		return nil
	}
	if runtime.GOOS != "windows" && mode&0o077 != 0 {
		return fmt.Errorf("%s can be read by others (mode %04o): chmod 600 %s", path, mode, path)
	}
	return nil
}
