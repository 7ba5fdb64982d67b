package dmd

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Elements of the XML files with the code of their own row, by kind of row, and elements that refer
// to other rows.
var (
	ownCodes = map[string]string{
		"ING": "ISID", "VTM": "VTMID", "VMP": "VPID", "VPI": "VPID", "AMP": "APID", "VMPP": "VPPID", "AMPP": "APPID",
	}
	previous = map[string]string{"ING": "ISIDPREV", "VTM": "VTMIDPREV", "VMP": "VPIDPREV"}
	// An actual pack means what its actual product means, else what its virtual pack means.
	references = map[string][]string{"VPI": {"ISID"}, "AMP": {"VPID"}, "VMPP": {"VPID"}, "AMPP": {"APID", "VPPID"}}
)

// readXML passes the rows of the wanted kinds to their functions.
func readXML(r io.Reader, kinds map[string]func(*record)) error {
	in := xml.NewDecoder(r)
	in.CharsetReader = func(charset string, r io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("XML in %s, want UTF-8", charset)
	}
	seen := false
	for {
		token, err := in.Token()
		switch {
		case errors.Is(err, io.EOF) && seen:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("an XML file of dm+d holds nothing")
		case err != nil:
			return fmt.Errorf("XML of dm+d: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		seen = true
		kind := start.Name.Local
		each, wanted := kinds[kind]
		if !wanted {
			continue
		}
		var row struct {
			Fields []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		}
		if err := in.DecodeElement(&row, &start); err != nil {
			return fmt.Errorf("XML of dm+d: %w", err)
		}
		values := map[string]string{}
		for _, f := range row.Fields {
			values[f.XMLName.Local] = strings.TrimSpace(f.Text)
		}
		rec := record{
			code: values[ownCodes[kind]], previous: values[previous[kind]], name: values["NM"],
			invalid: values["INVALID"] == "1",
		}
		for _, ref := range references[kind] {
			if v := values[ref]; v != "" {
				rec.refs = append(rec.refs, v)
			}
		}
		if !isCode(rec.code) {
			return fmt.Errorf("XML of dm+d: a %s without a code", kind)
		}
		each(&rec)
	}
}

// maxLine bounds a line of a text file; pack names are below a thousand bytes.
const maxLine = 1 << 16

// readText passes the rows of a text file to the one function of its kind. Every later field that
// looks like a code may be a reference; the first one with a letter is the name.
func readText(r io.Reader, kinds map[string]func(*record)) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<12), maxLine)
	for line := 1; in.Scan(); line++ {
		text := strings.TrimRight(strings.TrimPrefix(in.Text(), "\ufeff"), "\r")
		if text == "" {
			continue
		}
		if !utf8.ValidString(text) {
			text = strings.ToValidUTF8(text, "?")
		}
		fields := strings.Split(text, "|")
		if len(fields) < 2 || !isCode(strings.TrimSpace(fields[0])) {
			return fmt.Errorf("text file of dm+d, line %d: no code before the first |", line)
		}
		for kind, each := range kinds {
			each(textRecord(kind, fields))
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("text file of dm+d: %w", err)
	}
	return nil
}

func textRecord(kind string, fields []string) *record {
	rec := &record{}
	for i, f := range fields {
		f = strings.TrimSpace(f)
		switch {
		case i == 0:
			rec.code = f
		case isCode(f) && kind == "VPI" && len(rec.refs) > 0: // units follow the substance
		case isCode(f) && kind == "VMP" && i == 2, isCode(f) && kind == "ING" && i == 2:
			rec.previous = f
		case isCode(f):
			rec.refs = append(rec.refs, f)
		case f == "1" && rec.name == "":
			rec.invalid = true
		case rec.name == "" && strings.ContainsFunc(f, unicode.IsLetter):
			rec.name = f
		}
	}
	return rec
}

func isCode(s string) bool {
	if len(s) < 6 || len(s) > 18 || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
