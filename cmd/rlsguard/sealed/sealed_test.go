package sealed

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// keys are a new identity in a file of its own, and its recipient.
func keys(t *testing.T) (path, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(path, []byte("# made for a test\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, id.Recipient().String()
}

func seal(t *testing.T, plain []byte, recipients ...string) []byte {
	t.Helper()
	to, err := Recipients(recipients, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = Write(&b, to, func(w io.Writer) error {
		_, err := w.Write(plain)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unseal(t *testing.T, data []byte, files ...string) (plain []byte, was bool, err error) {
	t.Helper()
	with, err := Identities(files)
	if err != nil {
		t.Fatal(err)
	}
	r, was, err := Open(bytes.NewReader(data), with)
	if err != nil {
		return nil, was, err
	}
	plain, err = io.ReadAll(r)
	return plain, was, err
}

// much is more than two pieces of what age encrypts at a time.
func much() []byte {
	b := make([]byte, 150<<10)
	rand.Read(b)
	return b
}

func TestEachRecipientReads(t *testing.T) {
	one, first := keys(t)
	two, second := keys(t)
	stranger, _ := keys(t)
	file := filepath.Join(t.TempDir(), "recipients")
	if err := os.WriteFile(file, []byte("# who restores\n"+second+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	plain := much()
	sealed := seal(t, plain, first, file)
	if bytes.Contains(sealed, plain[:64]) {
		t.Fatal("it is not encrypted")
	}
	for _, path := range []string{one, two} {
		if got, was, err := unseal(t, sealed, stranger, path); err != nil || !was || !bytes.Equal(got, plain) {
			t.Errorf("%s: %d bytes, %v, %v", path, len(got), was, err)
		}
	}
	if _, was, err := unseal(t, sealed, stranger); !errors.Is(err, errOtherIdentity) || !was {
		t.Errorf("a stranger: %v", err)
	}
	if _, was, err := unseal(t, sealed); !errors.Is(err, errNoIdentity) || !was {
		t.Errorf("nobody: %v", err)
	}
	if got, was, err := unseal(t, plain, one); err != nil || was || !bytes.Equal(got, plain) {
		t.Errorf("what is not encrypted: %v, %v", was, err)
	}
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(sealed); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, _, err := unseal(t, text.Bytes(), one); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("as text: %v", err)
	}
}

// Whatever is cut off or changed is noticed by whoever reads to the end.
func TestDamageIsNoticed(t *testing.T) {
	path, recipient := keys(t)
	plain := much()
	sealed := seal(t, plain, recipient)
	for n := len("age-encryption.org/v1"); n < len(sealed); n += 1 + n/30 {
		if got, _, err := unseal(t, sealed[:n], path); err == nil {
			t.Errorf("cut to %d of %d bytes: %d bytes are read", n, len(sealed), len(got))
		}
		bad := bytes.Clone(sealed)
		bad[n] ^= 1
		if _, _, err := unseal(t, bad, path); err == nil {
			t.Errorf("byte %d changed: nothing is noticed", n)
		}
	}
	if _, _, err := unseal(t, append(bytes.Clone(sealed), 'x'), path); err == nil {
		t.Error("a byte more: nothing is noticed")
	}
}

// What fails in the middle leaves nothing that reads as whole.
func TestFailedWriteIsNotWhole(t *testing.T) {
	path, recipient := keys(t)
	to, err := Recipients([]string{recipient}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	broken := errors.New("broken")
	err = Write(&b, to, func(w io.Writer) error {
		_, err := w.Write(much())
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if b.Len() < 64<<10 {
		t.Errorf("%d bytes: it is not encrypted while it is written", b.Len())
	}
	if _, _, err := unseal(t, b.Bytes(), path); err == nil {
		t.Error("it reads as whole")
	}
}

func TestKeysAreRefused(t *testing.T) {
	path, recipient := keys(t)
	secret, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Identities([]string{path}); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("an identity that others can read: %v", err)
	}
	write := func(text string) string {
		p := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for what, text := range map[string]string{
		"nothing": "", "a recipient": recipient + "\n", "one with a passphrase": "age-encryption.org/v1\n-> scrypt",
	} {
		if _, err := Identities([]string{write(text)}); err == nil {
			t.Errorf("as identity: %s", what)
		}
	}
	for what, text := range map[string]string{
		"a file that is not there": "nowhere", "a cut one": recipient[:20], "an identity": write(string(secret)),
	} {
		_, err := Recipients([]string{text}, nil)
		if err == nil {
			t.Errorf("as recipient: %s", what)
		} else if strings.Contains(fmt.Sprint(err), "AGE-SECRET") {
			t.Errorf("%s: the error tells the secret", what)
		}
	}
	if to, err := Recipients(nil, nil); err != nil || to != nil {
		t.Errorf("nobody: %v, %v", to, err)
	}
}
