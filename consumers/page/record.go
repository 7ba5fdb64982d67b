package page

import (
	"errors"
	"net/url"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// checkRecordURL says what is wrong with an address template.
func checkRecordURL(template string) error {
	if template == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{type}", "T", "{id}", "I").Replace(template))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the address of records is not an http or https address")
	case !strings.Contains(template, "{id}"):
		return errors.New("the address of records has no {id} in it")
	}
	return nil
}

// recordURL is where the record of a resource is; "" if not configured.
func (p *Page) recordURL(ref facts.Ref) string {
	kind, id, ok := strings.Cut(string(ref), "/")
	if p.RecordURL == "" || !ok {
		return ""
	}
	return strings.NewReplacer("{type}", url.PathEscape(kind), "{id}", url.PathEscape(id)).Replace(p.RecordURL)
}
