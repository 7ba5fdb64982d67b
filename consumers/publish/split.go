package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// message is one to be put on the bus.
type message struct {
	Subject string
	Data    []byte
	from    Origin
}

// Split makes messages of a document: one, or one for each entry of a Bundle that is over the
// limit. A Bundle that holds acknowledgements is split too, since those count only on their own
// subject.
func Split(data []byte, limit int) ([]message, error) {
	kind := layout.ResourceType(data)
	whole := []message{{Subject: layout.InboundSubject(kind), Data: data}}
	if len(data) <= limit && (kind != "Bundle" || !bytes.Contains(data, []byte(`"DetectedIssue"`))) {
		return whole, nil
	}
	if kind != "Bundle" {
		return nil, fmt.Errorf(
			"%d bytes are more than the server's max_payload of %d, and only a Bundle can be sent in parts",
			len(data),
			limit,
		)
	}
	parts, err := splitBundle(data)
	if err != nil && len(data) <= limit {
		return whole, nil // the consumer says what is wrong with it
	}
	for _, p := range parts {
		if len(p.Data) > limit {
			return nil, fmt.Errorf(
				"an entry of %d bytes is more than the server's max_payload of %d",
				len(p.Data),
				limit,
			)
		}
	}
	return parts, err
}

type bundleEntry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
	Response json.RawMessage `json:"response"`
	Request  struct {
		Method string `json:"method"`
	} `json:"request"`
}

// plain tells that an entry says no more than its resource does: it is no deletion and no change in
// parts, and no answer, which may have the version that the resource lacks.
func (e *bundleEntry) plain() bool {
	switch strings.ToUpper(strings.TrimSpace(e.Request.Method)) {
	case "", "POST", "PUT", "GET":
		return len(e.Response) == 0
	}
	return false
}

func splitBundle(data []byte) ([]message, error) {
	var b struct {
		Type  json.RawMessage   `json:"type"`
		Entry []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &b); err != nil {
		return nil, fmt.Errorf("a Bundle that is not valid JSON cannot be sent in parts")
	}
	entries := make([]bundleEntry, len(b.Entry))
	names := map[string]string{}
	for i, raw := range b.Entry {
		// What cannot be read goes as it is; the consumer rejects it alone.
		_ = json.Unmarshal(raw, &entries[i])
		if name := entryName(&entries[i]); name != "" {
			names[strings.ToLower(entries[i].FullURL)] = name // a UUID in any case is the same
		}
	}
	var parts []message
	for i, raw := range b.Entry {
		parts = append(parts, entryMessage(b.Type, resolveURNs(raw, names), &entries[i], names))
	}
	return parts, nil
}

// entryMessage is the resource itself, or a Bundle of this one entry where that says more: an entry
// that is not plain, a resource known only by its fullUrl, references that its fullUrl gives a
// base.
func entryMessage(bundleType, raw json.RawMessage, e *bundleEntry, names map[string]string) message {
	kind := layout.ResourceType(e.Resource)
	bare := (e.FullURL == "" || bytes.HasPrefix([]byte(e.FullURL), []byte("urn:"))) && resourceID(e.Resource) != "" &&
		e.plain()
	if bare && len(e.Resource) > 0 {
		return message{Subject: layout.InboundSubject(kind), Data: resolveURNs(e.Resource, names)}
	}
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle"`)
	if len(bundleType) > 0 {
		fmt.Fprintf(&b, `,"type":%s`, bundleType)
	}
	fmt.Fprintf(&b, `,"entry":[%s]}`, raw)
	if kind == "DetectedIssue" {
		return message{Subject: layout.SubjectAcknowledge, Data: b.Bytes()}
	}
	return message{Subject: layout.InboundSubject("Bundle"), Data: b.Bytes()}
}

// entryName is how others in the Bundle mean an entry with an urn as its fullUrl.
func entryName(e *bundleEntry) string {
	const prefix = "urn:uuid:"
	urn := len(e.FullURL) > len(prefix) && strings.EqualFold(e.FullURL[:len(prefix)], prefix)
	kind := layout.ResourceType(e.Resource)
	if !urn || kind == "" {
		return ""
	}
	if id := resourceID(e.Resource); id != "" {
		return kind + "/" + id
	}
	return kind + "/" + e.FullURL[len(prefix):]
}

var urnReference = regexp.MustCompile(`("reference"\s*:\s*")((?i:urn):[^"\\]+)"`)

var idName = regexp.MustCompile(`^[A-Za-z0-9\-.]{1,64}$`)

// resolveURNs writes the references that only mean something inside the Bundle as relative ones. A
// quotation mark inside a string is escaped, so that the pattern cannot match in one.
func resolveURNs(raw []byte, names map[string]string) []byte {
	if !bytes.Contains(raw, []byte(`"urn:`)) && !bytes.Contains(raw, []byte(`"URN:`)) {
		return raw
	}
	return urnReference.ReplaceAllFunc(raw, func(m []byte) []byte {
		sub := urnReference.FindSubmatch(m)
		name, ok := names[strings.ToLower(string(sub[2]))]
		if !ok {
			return m
		}
		return []byte(string(sub[1]) + name + `"`)
	})
}

func resourceID(data []byte) string {
	id := layout.TopString(data, "id")
	if !idName.MatchString(id) {
		return ""
	}
	return id
}
