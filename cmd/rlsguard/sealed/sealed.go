package sealed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Errors of Open.
var (
	errNoIdentity    = errors.New("it is encrypted: give --identity")
	errOtherIdentity = errors.New("it is encrypted for others: no given identity opens it")
)

// Write encrypts for recipients what write writes to w, while it does; without any it stays as it
// is.
func Write(w io.Writer, to []age.Recipient, write func(io.Writer) error) error {
	if len(to) == 0 {
		return write(w)
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("encrypting: %w", err)
	}
	if err := write(sealed); err != nil {
		return err // what is there so far is no whole file, and is not read as one
	}
	return sealed.Close()
}

// Open reads r, decrypted where it is encrypted, in binary or as text, and tells whether it is.
// Damage shows while it is read, an end that is missing at its end.
func Open(r io.Reader, with []age.Identity) (plain io.Reader, was bool, err error) {
	in := bufio.NewReader(r)
	var from io.Reader = in
	switch {
	case armored(in):
		from = armor.NewReader(in)
	case !encrypted(in):
		return in, false, nil
	}
	if len(with) == 0 {
		return nil, true, errNoIdentity
	}
	plain, err = age.Decrypt(from, with...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, true, errOtherIdentity
	}
	if err != nil {
		return nil, true, fmt.Errorf("decrypting: %w", err)
	}
	return plain, true, nil
}

func encrypted(r *bufio.Reader) bool { return begins(r, "age-encryption.org/") }

func armored(r *bufio.Reader) bool { return begins(r, armor.Header) }

// begins tells whether r begins with a text; it stays unread.
func begins(r *bufio.Reader, text string) bool {
	is, err := r.Peek(len(text))
	return err == nil && bytes.Equal(is, []byte(text))
}
