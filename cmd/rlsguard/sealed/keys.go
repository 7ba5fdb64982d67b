package sealed

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
)

// Recipients are those who can read what is encrypted: each of named begins with age1, or is a
// file of them, and so is each of files. None at all is nil, without an error.
func Recipients(named, files []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range named {
		if !strings.HasPrefix(text, "age1") {
			files = append(files[:len(files):len(files)], text)
			continue
		}
		some, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w", text, err)
		}
		all = append(all, some...)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("recipients: %w", err)
		}
		some, err := age.ParseRecipients(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("recipients in %s: %w", path, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// Identities are the secret keys in files that only their owner can read.
func Identities(files []string) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range files {
		some, err := identities(path)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func identities(path string) ([]age.Identity, error) {
	if err := connect.Private(path); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	if encrypted(r) || armored(r) {
		return nil, fmt.Errorf("identity: %w", errors.New(path+" is itself encrypted: decrypt it first, with age -d"))
	}
	some, err := age.ParseIdentities(r)
	if err != nil {
		return nil, fmt.Errorf("identity in %s: %w", path, err)
	}
	return some, nil
}
