package blocks

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CreatedOf is when a stream was made, as its own file says; zero when that cannot be read.
func CreatedOf(dir, stream string) time.Time {
	var meta struct {
		Created time.Time `json:"created"`
	}
	b, err := os.ReadFile(filepath.Join(StreamDir(dir, stream), "meta.inf"))
	if err != nil || json.Unmarshal(b, &meta) != nil {
		return time.Time{}
	}
	return meta.Created
}

func StreamOfFile(name string) string {
	parts := strings.Split(filepath.ToSlash(name), "/") // jetstream/jetstream/ACCOUNT/streams/NAME/...
	if len(parts) < 5 {
		return ""
	}
	return parts[4]
}

// Accounts under which the server keeps streams: the one without a name when everybody is one user,
// else the two of deploy/accounts.conf.
const (
	SoleAccount  = "$G"
	OwnAccount   = "RLSGUARD"
	OtherAccount = "RLSGUARD_OUT"
)

// AccountDir is where the server keeps the streams of an account; it puts a folder of its own below
// the one it is given.
func AccountDir(dir, account string) string {
	return filepath.Join(dir, "jetstream", "jetstream", account, "streams")
}

// StreamDir is the folder of a stream, whichever account holds it.
func StreamDir(dir, stream string) string {
	for _, account := range []string{OwnAccount, OtherAccount} {
		if path := filepath.Join(AccountDir(dir, account), stream); IsThere(path) {
			return path
		}
	}
	return filepath.Join(AccountDir(dir, SoleAccount), stream)
}

// Of is the stream and the number of a block file.
func Of(path string) (string, int) {
	n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk"))
	if err != nil {
		n = -1
	}
	return filepath.Base(filepath.Dir(filepath.Dir(path))), n
}

func IsStreamMeta(path string) bool {
	return filepath.Base(path) == "meta.inf" && filepath.Base(filepath.Dir(filepath.Dir(path))) == "streams"
}

// IsThere tells whether a path can be seen; what cannot be read is there.
func IsThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
