package connect

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// Flags name the NATS server and say how to connect to it.
type Flags struct {
	Nats string `name:"nats" placeholder:"URL" group:"connection" help:"NATS server."`
	ServerFlags
	TLSCert string `name:"tls-cert" placeholder:"FILE" group:"connection" help:"Client certificate (PEM)."`
	TLSKey  string `name:"tls-key" placeholder:"FILE" group:"connection" help:"Its private key (PEM)."`
}

// ServerFlags say how to connect to a NATS server. Secrets come in files: arguments can be read by
// every user of a machine.
type ServerFlags struct {
	Context string `placeholder:"NAME" group:"connection" help:"Context of the nats command line."`
	Creds   string `placeholder:"FILE" group:"connection" help:"Credentials file, as nsc writes it (mode 0600)."`
	NKey    string `name:"nkey" placeholder:"FILE" group:"connection" help:"NKEY seed (mode 0600)."`
	CA      string `name:"ca" aliases:"tls-ca" placeholder:"FILE" group:"connection" help:"Certificates that the server is checked against (PEM)."`
	User    string `placeholder:"NAME" group:"connection" help:"User; needs --password-file."`
	Pass    string `name:"password-file" placeholder:"FILE" group:"connection" help:"Password of --user (mode 0600)."`
	Domain  string `name:"js-domain" placeholder:"NAME" group:"connection" help:"JetStream domain, if the streams are in another account. RLSGUARD with deploy/accounts.conf."`
	Inbox   string `name:"inbox-prefix" placeholder:"PREFIX" group:"connection" help:"Subject prefix for replies, if each user has one. _INBOX_NAME with deploy/accounts.conf."`
	Plain   bool   `name:"plaintext" group:"connection" help:"Allow another machine without TLS. Anyone on the way can read patient data and passwords."`
}

// Server says how to reach a server.
type Server struct {
	URL     string
	Options []nats.Option
	login   []nats.Option // of a context, unless the command line says who one is
	secure  bool          // TLS whatever the URL says
	Domain  jet.Domain
}

// Find looks for the server in the order that the help tells: what is asked for on the command line
// goes before the environment.
func (f Flags) Find() (Server, error) {
	s, err := f.look()
	if err != nil {
		return s, err
	}
	if (f.TLSCert == "") != (f.TLSKey == "") {
		return s, errors.New("--tls-cert and --tls-key go together")
	}
	if f.TLSCert != "" {
		s.secure, s.Options = true, append(s.Options, nats.ClientCert(f.TLSCert, f.TLSKey))
	}
	return f.complete(s)
}

// complete adds what the flags say, and refuses to send patient data to another machine in the
// clear.
func (f ServerFlags) complete(s Server) (Server, error) {
	for _, file := range []struct{ option, path string }{{"--creds", f.Creds}, {"--nkey", f.NKey},
		{"--password-file", f.Pass}} {
		if file.path != "" {
			if err := Private(file.path); err != nil {
				return s, fmt.Errorf("%s: %w", file.option, err)
			}
		}
	}
	if f.Creds == "" && f.NKey == "" && f.User == "" {
		s.Options = append(s.Options, s.login...)
	}
	if f.Creds != "" {
		s.Options = append(s.Options, nats.UserCredentials(f.Creds))
	}
	if f.NKey != "" {
		option, err := nats.NkeyOptionFromSeed(f.NKey)
		if err != nil {
			return s, fmt.Errorf("--nkey: %w", err)
		}
		s.Options = append(s.Options, option)
	}
	if (f.User == "") != (f.Pass == "") {
		return s, errors.New("--user and --password-file go together")
	}
	if f.User != "" {
		// asked anew at each reconnect: a password may change
		s.Options = append(s.Options, nats.UserInfoHandler(f.login))
	}
	if f.Domain != "" {
		if !domainName.MatchString(f.Domain) {
			return s, errors.New("--js-domain: a domain is one word of A-Z, a-z, 0-9, minus and underscore")
		}
		s.Domain = jet.NamedDomain(f.Domain)
	}
	if f.CA != "" {
		s.secure, s.Options = true, append(s.Options, nats.RootCAs(f.CA))
	}
	if f.Inbox != "" {
		s.Options = append(s.Options, nats.CustomInboxPrefix(f.Inbox))
	}
	if !s.secure && !f.Plain {
		if err := Encrypted(s.URL); err != nil {
			return s, err
		}
	}
	return s, nil
}

// login is user and password. A file that cannot be read any more is a wrong password, which the
// server's refusal tells.
func (f ServerFlags) login() (user, password string) {
	data, err := os.ReadFile(f.Pass)
	if err != nil {
		return f.User, ""
	}
	return f.User, strings.TrimRight(string(data), "\r\n")
}

// domainName is one token of a subject.
var domainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Encrypted refuses URLs that lead to other machines without TLS.
func Encrypted(urls string) error {
	for u := range strings.SplitSeq(urls, ",") {
		u = strings.TrimSpace(u)
		scheme, rest, ok := strings.Cut(u, "://")
		if !ok {
			scheme, rest = "nats", u
		}
		if scheme == "tls" || scheme == "wss" {
			continue
		}
		parsed, err := url.Parse("nats://" + rest)
		if err != nil {
			return errors.New("the URL of the NATS server cannot be read") // its text may hold a password
		}
		host := parsed.Hostname()
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf(
				"%s would send patient data to another machine without TLS: give a tls:// URL, or --plaintext where "+
					"the network is trusted",
				jet.WithoutCredentials(u),
			)
		}
	}
	return nil
}

func (f Flags) look() (Server, error) {
	if f.Context != "" {
		s, err := contextServer(f.Context)
		if f.Nats != "" {
			s.URL = f.Nats
		}
		return s, err
	}
	if f.Nats != "" {
		return Server{URL: f.Nats}, nil
	}
	if url := os.Getenv("NATS_URL"); url != "" {
		return Server{URL: url}, nil
	}
	dir, err := DefaultDir()
	if err == nil {
		if s, err := Inside(dir); !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return contextServer("")
}

// Inside is the server that rlsguard serve runs inside itself, with its data in dir. Its error is
// fs.ErrNotExist where none runs.
func Inside(dir string) (Server, error) {
	url, err := os.ReadFile(filepath.Join(dir, "nats.url"))
	if err != nil {
		return Server{}, err
	}
	s := Server{URL: strings.TrimSpace(string(url))}
	domain, err := os.ReadFile(filepath.Join(dir, embedded.DomainName))
	if err == nil {
		s.Domain = jet.NamedDomain(strings.TrimSpace(string(domain)))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	return s, nil
}

// Connect connects to the server that Find finds.
func (f Flags) Connect(role string, more ...nats.Option) (*Connection, error) {
	s, err := f.Find()
	if err != nil {
		return nil, err
	}
	return s.Connect(role, more...)
}

// Connect connects to the server.
func (s Server) Connect(role string, more ...nats.Option) (_ *Connection, err error) {
	c := &Connection{Domain: s.Domain}
	options := append(c.options(), nats.Name("rlsguard "+role), nats.Timeout(5*time.Second), nats.MaxReconnects(-1))
	if c.Conn, err = nats.Connect(s.URL, append(append(options, s.Options...), more...)...); err != nil {
		hint := ""
		if errors.Is(err, nats.ErrNoServers) {
			hint = "; is rlsguard serve, or the server, running there? (see rlsguard help connection)"
		}
		return nil, fmt.Errorf("connecting to NATS at %s: %w%s", jet.WithoutCredentials(s.URL), err, hint)
	}
	return c, nil
}

// DefaultDir is where serve keeps its data when it is not told: the user's data directory.
func DefaultDir() (string, error) {
	base := os.Getenv("XDG_DATA_HOME")
	switch {
	case base != "":
	case runtime.GOOS == "windows" && os.Getenv("LocalAppData") != "":
		base = os.Getenv("LocalAppData")
	default:
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no data directory: %w; name one with --data", err)
		}
		base = filepath.Join(home, ".local", "share")
		if runtime.GOOS == "darwin" {
			base = filepath.Join(home, "Library", "Application Support")
		}
	}
	return filepath.Join(base, "rlsguard"), nil
}
