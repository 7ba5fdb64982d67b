package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/site"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/approvals"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// Config is the file of --config: the settings of the checks, and what goes around them.
type Config struct {
	checks.Settings `yaml:",inline"`

	ZoneName    string            `yaml:"zone"`
	Region      string            `yaml:"region"`
	Terminology terminologyConfig `yaml:"terminology"`
	Limits      limitsConfig      `yaml:"limits"`
	BaseURL     string            `yaml:"base_url"`
	Reasons     map[string]string `yaml:"override_reasons"` // the site's own: code and words
	// Approvals are files, or folders of them, from the folder of the configuration file; Reviewers
	// are the public keys of those whose signature on one counts.
	Approvals []string `yaml:"approvals"`
	Reviewers []string `yaml:"trusted_reviewers"`

	siteTables []*site.Table // of the command line
}

type terminologyConfig struct {
	SiteTables []string `yaml:"site_tables"` // paths, from the folder of the configuration file
	WithoutATC bool     `yaml:"without_atc"`
}

type limitsConfig struct {
	MaxBytes   int `yaml:"max_bytes"`
	MaxDepth   int `yaml:"max_depth"`
	MaxEntries int `yaml:"max_entries"`
}

// Flag is the option that commands share.
type Flag struct {
	Config string `placeholder:"FILE" help:"Site settings (YAML)."`
}

// Setup is what a configuration comes to.
type Setup struct {
	Settings *checks.Settings
	Reader   fhir.Options // Now is left to the caller
	Ruleset  string       // hash of tables, rules and settings
	Reasons  []ordercheck.Reason
}

// Site is what of a configuration decides nothing.
type Site struct {
	Zone    *time.Location
	Terms   *terms.Terms
	Reasons []ordercheck.Reason
}

// Read reads the configuration file, or takes the defaults when there is none, for commands that
// decide. To hold approvals against what is in force takes longer than all the rest.
func (f Flag) Read() (*Setup, error) {
	return read(f.Config, nil, func(c *Config, dir string) (*Setup, error) { return c.setup(dir) })
}

// ReadSite reads what of the configuration decides nothing: approvals are not looked at. More site
// tables come before those of the file.
func (f Flag) ReadSite(siteTables ...string) (*Site, error) {
	return read(f.Config, siteTables, func(c *Config, dir string) (*Site, error) { return c.site(dir) })
}

// read reads a file and makes of it what is wanted, given the folder that paths in it begin from.
func read[T any](file string, siteTables []string, want func(*Config, string) (*T, error)) (*T, error) {
	c := DefaultConfig()
	var err error
	if c.siteTables, err = ReadSiteTables(siteTables); err != nil {
		return nil, err
	}
	if file == "" {
		return want(c, "")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	place := ConfigPlace{File: file}
	if err := c.Decode(data, &place); err != nil {
		return nil, err
	}
	out, err := want(c, filepath.Dir(file))
	if err != nil {
		return nil, place.errors(err)
	}
	return out, nil
}

func DefaultConfig() *Config {
	limits := fhir.DefaultOptions()
	return &Config{
		Settings: *checks.DefaultSettings(), ZoneName: "UTC",
		Limits: limitsConfig{MaxBytes: limits.MaxBytes, MaxDepth: limits.MaxDepth, MaxEntries: limits.MaxEntries},
	}
}

func (c *Config) Decode(data []byte, place *ConfigPlace) error {
	if err := yaml.Unmarshal(data, &place.root); err != nil {
		return place.syntax(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return place.decoding(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document", place.File)
	}
	return nil
}

// site checks the configuration but for its approvals. Errors start with the key that they are
// about.
func (c *Config) site(dir string) (*Site, error) {
	zone, err := time.LoadLocation(c.ZoneName)
	if err != nil {
		return nil, fmt.Errorf("zone: %q is not an IANA time zone such as Europe/Berlin", c.ZoneName)
	}
	tables, err := c.tables(dir)
	if err != nil {
		return nil, err
	}
	c.Zone, c.Terms = zone, tables
	if err := errors.Join(c.Validate(), c.validate()); err != nil {
		return nil, err
	}
	return &Site{Zone: zone, Terms: tables, Reasons: c.reasons()}, nil
}

// setup turns the configuration into settings and checks all of it.
func (c *Config) setup(dir string) (*Setup, error) {
	site, err := c.site(dir)
	if err != nil {
		return nil, err
	}
	s := c.Settings
	if s.Approvals, err = c.approvals(dir, &s); err != nil {
		return nil, err
	}
	return &Setup{
		Settings: &s,
		Reader: fhir.Options{
			Terms: site.Terms, Base: c.BaseURL,
			MaxBytes: c.Limits.MaxBytes, MaxDepth: c.Limits.MaxDepth, MaxEntries: c.Limits.MaxEntries,
		},
		Ruleset: ruleset(&s, c.BaseURL),
		Reasons: site.Reasons,
	}, nil
}

// approvals are the rules that the site's reviewers have dealt with.
func (c *Config) approvals(dir string, s *checks.Settings) (map[string]checks.Rule, error) {
	if len(c.Approvals) == 0 {
		return nil, nil
	}
	paths := slices.Clone(c.Approvals)
	for i, path := range paths {
		if !filepath.IsAbs(path) {
			paths[i] = filepath.Join(dir, path)
		}
	}
	rules, err := approvals.Rules(paths, c.Reviewers, s)
	if err != nil {
		return nil, fmt.Errorf("approvals: %w", err)
	}
	return rules, nil
}

// reasons to override a flag are the site's own, then the usual ones.
func (c *Config) reasons() []ordercheck.Reason {
	var all []ordercheck.Reason
	for _, code := range slices.Sorted(maps.Keys(c.Reasons)) {
		all = append(all, ordercheck.Reason{Code: code, Display: c.Reasons[code]})
	}
	return append(all, ordercheck.DefaultReasons...)
}

func countryCode(s string) bool {
	return len(s) == 2 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c *Config) validate() error {
	var errs []error
	if c.Region != "" && !countryCode(c.Region) {
		errs = append(
			errs,
			fmt.Errorf("region: %q is not an ISO 3166 country code of two capital letters such as DE", c.Region),
		)
	}
	for _, code := range slices.Sorted(maps.Keys(c.Reasons)) {
		if !ReasonCode.MatchString(code) || c.Reasons[code] == "" {
			errs = append(
				errs,
				fmt.Errorf(
					"override_reasons.%s: expected a code of A-Z, a-z, 0-9, dot, minus and underscore, "+
						"and a text",
					code,
				),
			)
		}
	}
	for _, l := range []struct {
		key        string
		value, max int
	}{
		{"max_bytes", c.Limits.MaxBytes, 1 << 30}, {"max_depth", c.Limits.MaxDepth, 10_000},
		{"max_entries", c.Limits.MaxEntries, 10_000_000},
	} {
		if l.value < 1 || l.value > l.max {
			errs = append(errs, fmt.Errorf("limits.%s: %d is not from 1 to %d", l.key, l.value, l.max))
		}
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" &&
		(err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		errs = append(
			errs,
			fmt.Errorf("base_url: expected the address of your FHIR server, such as "+
				"https://fhir.example.org/r4"),
		)
	}
	return errors.Join(errs...)
}

// tables are the embedded ones with what the site adds and takes away.
func (c *Config) tables(dir string) (*terms.Terms, error) {
	o := terms.Options{Region: c.Region, WithoutATC: c.Terminology.WithoutATC, SiteTables: c.siteTables}
	for i, path := range c.Terminology.SiteTables {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		table, err := readSiteTable(path)
		if err != nil {
			return nil, fmt.Errorf("terminology.site_tables[%d]: %w", i, err)
		}
		o.SiteTables = append(o.SiteTables, table)
	}
	if o.Region == "" && !o.WithoutATC && len(o.SiteTables) == 0 {
		return terms.Embedded(), nil
	}
	return terms.New(o)
}

func ReadSiteTables(paths []string) ([]*site.Table, error) {
	var tables []*site.Table
	for _, path := range paths {
		table, err := readSiteTable(path)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, nil
}

func readSiteTable(path string) (*site.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := site.Read(filepath.Base(path), f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return table, nil
}

var ReasonCode = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
