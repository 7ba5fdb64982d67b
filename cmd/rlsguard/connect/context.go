package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/rlsguard/rlsguard/consumers/jet"
)

// natsContext is a context of the nats command line, as jsm.go's package natscontext stores it.
type natsContext struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
	Token    string `json:"token"`
	Creds    string `json:"creds"`
	NKey     string `json:"nkey"`
	UserJWT  string `json:"user_jwt"`
	UserSeed string `json:"user_seed"`
	Cert     string `json:"cert"`
	Key      string `json:"key"`
	CA       string `json:"ca"`
	TLSFirst bool   `json:"tls_first"`
	Inbox    string `json:"inbox_prefix"`
	Domain   string `json:"jetstream_domain"`
	Prefix   string `json:"jetstream_api_prefix"`
	// What is not read here; a context that has one of them is refused.
	Socks    string `json:"socks_proxy"`
	NSC      string `json:"nsc"`
	WinStore string `json:"windows_cert_store"`
}

var ErrNoServer = errors.New(
	"no NATS server is known: give --nats URL, set NATS_URL, run rlsguard serve, " +
		"or select a context with nats context select",
)

// contextDir is where the nats command line keeps its contexts.
func contextDir() (string, error) {
	base := os.Getenv("XDG_CONFIG_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "nats"), nil
}

// contextServer is the server of a context: the one with a name, else that of NATS_CONTEXT, else
// the one that the nats command line has selected.
func contextServer(name string) (Server, error) {
	option := "--context"
	if name == "" {
		name, option = os.Getenv("NATS_CONTEXT"), "NATS_CONTEXT"
	}
	dir, err := contextDir()
	if err != nil {
		return Server{}, ErrNoServer
	}
	if name == "" {
		selected, err := os.ReadFile(filepath.Join(dir, "context.txt"))
		if name = strings.TrimSpace(string(selected)); err != nil || name == "" {
			return Server{}, ErrNoServer
		}
		option = "selected NATS context"
	}
	if name != filepath.Base(name) || name == "." || name == ".." {
		return Server{}, fmt.Errorf("%s: %q is not the name of a context", option, name)
	}
	s, err := readContext(filepath.Join(dir, "context", name+".json"))
	if errors.Is(err, fs.ErrNotExist) && option != "selected NATS context" {
		return s, fmt.Errorf("%s: there is no NATS context %q; nats context ls lists them", option, name)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", option, err)
	}
	return s, nil
}

func readContext(path string) (Server, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Server{}, err
	}
	var c natsContext
	if err := json.Unmarshal(data, &c); err != nil {
		return Server{}, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	s, err := c.server()
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// server is how to reach the server of a context.
func (c natsContext) server() (Server, error) {
	s := Server{URL: c.URL, Domain: jet.NamedDomain(c.Domain), secure: c.CA != "" || c.TLSFirst}
	if c.Prefix != "" {
		s.Domain.Prefix = strings.TrimSuffix(c.Prefix, ".")
	}
	if s.URL == "" {
		s.URL = nats.DefaultURL
	}
	if c.Socks != "" || c.NSC != "" || c.WinStore != "" {
		return s, errors.New(
			"socks_proxy, nsc and windows_cert_store of a context are not supported: give the server with --nats",
		)
	}
	if c.Inbox != "" {
		s.Options = append(s.Options, nats.CustomInboxPrefix(c.Inbox))
	}
	for _, add := range []func(*Server) error{c.encryption, c.login} {
		if err := add(&s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// encryption sets certificates.
func (c natsContext) encryption(s *Server) error {
	if c.TLSFirst {
		s.Options = append(s.Options, nats.TLSHandshakeFirst())
	}
	if c.Cert != "" && c.Key != "" {
		cert, err := fileOf("cert", c.Cert)
		if err != nil {
			return err
		}
		key, err := fileOf("key", c.Key)
		if err != nil {
			return err
		}
		s.secure, s.Options = true, append(s.Options, nats.ClientCert(cert, key))
	}
	if c.CA != "" {
		ca, err := fileOf("ca", c.CA)
		if err != nil {
			return err
		}
		s.Options = append(s.Options, nats.RootCAs(ca))
	}
	return nil
}

// login sets who connects. Of several ways the first counts, as for the nats command line; a token
// may stand beside them.
func (c natsContext) login(s *Server) error {
	switch {
	case c.User != "":
		password, err := valueOf("password", c.Password)
		if err != nil {
			return err
		}
		s.login = append(s.login, nats.UserInfo(c.User, password))
	case c.Creds != "":
		file, err := fileOf("creds", c.Creds)
		if err != nil {
			return err
		}
		s.login = append(s.login, nats.UserCredentials(file))
	case c.NKey != "":
		file, err := fileOf("nkey", c.NKey)
		if err != nil {
			return err
		}
		option, err := nats.NkeyOptionFromSeed(file)
		if err != nil {
			return err
		}
		s.login = append(s.login, option)
	case c.UserJWT != "":
		if err := c.token(s); err != nil {
			return err
		}
	}
	if c.Token == "" {
		return nil
	}
	token, err := valueOf("token", c.Token)
	s.login = append(s.login, nats.Token(token))
	return err
}

// token logs in with a JWT, which is signed for with a seed or is a bearer's.
func (c natsContext) token(s *Server) error {
	jwt, err := valueOf("user_jwt", c.UserJWT)
	if err != nil {
		return err
	}
	seed, err := valueOf("user_seed", c.UserSeed)
	if err != nil {
		return err
	}
	sign := func([]byte) ([]byte, error) { return nil, nil }
	if seed != "" {
		pair, err := nkeys.FromSeed([]byte(seed))
		if err != nil {
			return fmt.Errorf("user_seed: %w", err)
		}
		sign = pair.Sign
	}
	s.login = append(s.login, nats.UserJWT(func() (string, error) { return jwt, nil }, sign))
	return nil
}

// schemeOf is what a value of a context begins with when it is looked up somewhere else.
func schemeOf(value string) string {
	for _, scheme := range []string{"file", "env", "op", "nsc"} {
		if strings.HasPrefix(value, scheme+"://") {
			return scheme
		}
	}
	if strings.HasPrefix(value, "data:") {
		return "data"
	}
	return ""
}

// fileOf is the path in a context. Its file is only named here.
func fileOf(field, value string) (string, error) {
	switch schemeOf(value) {
	case "":
		return expandHome(os.ExpandEnv(value)), nil
	case "file":
		u, err := url.Parse(value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", field, err)
		}
		return u.Path, nil
	}
	return "", fmt.Errorf("%s of the context must be a file", field)
}

// valueOf is a secret in a context, or in the file or the variable that it names.
func valueOf(field, value string) (string, error) {
	switch schemeOf(value) {
	case "":
		return value, nil
	case "env":
		name := strings.TrimPrefix(value, "env://")
		found, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("%s: %s is not set", field, name)
		}
		return found, nil
	case "file":
		path, err := fileOf(field, value)
		if err != nil {
			return "", err
		}
		data, err := os.ReadFile(path)
		return strings.TrimRight(string(data), "\r\n"), err
	}
	return "", fmt.Errorf("%s of the context must be in it, or in a file:// or env:// that it names", field)
}

func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
