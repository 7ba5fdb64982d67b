// Package words holds every text the checks say to people, apart from the rules, so that both can
// be reviewed, and texts translated without reading code. professional.txt is for prescribers,
// nurses and pharmacists, patient.txt for leaflets. It must not know when a text is said, or about
// whom.
//
// A line is "key: text". A text has places in braces: {drug} takes the value of that name, {Drug}
// the same with a capital letter. Lines beginning with a semicolon are notes for translators.
package words

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"maps"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed professional.txt
var professional string

//go:embed patient.txt
var patient string

// texts by key. Keys of leaflets begin with "leaflet.".
var texts = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, file := range []string{professional, patient} {
		for line := range strings.Lines(file) {
			key, text, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
			if ok && !strings.HasPrefix(key, ";") {
				all[key] = text
			}
		}
	}
	return all
})

// Say returns the text of a key with its places filled in; pairs are names and values. An unknown
// key gives "", and a place without a value stays as is; tests ensure that neither happens.
func Say(key string, pairs ...string) string {
	text := texts()[key]
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			break
		}
		b.WriteString(text[:start])
		b.WriteString(value(text[start+1:start+end], pairs))
		text = text[start+end+1:]
	}
	b.WriteString(text)
	return b.String()
}

func value(place string, pairs []string) string {
	small := lower(place)
	for i := 0; i+1 < len(pairs); i += 2 {
		switch {
		case pairs[i] == place:
			return pairs[i+1]
		case pairs[i] == small:
			return capital(pairs[i+1])
		}
	}
	return "{" + place + "}"
}

func has(key string) bool {
	_, ok := texts()[key]
	return ok
}

// All returns all texts by key, with unfilled places. The map is the caller's.
func All() map[string]string { return maps.Clone(texts()) }

func keys() []string {
	var keys []string
	for k := range texts() {
		keys = append(keys, k)
	}
	return keys
}

func text(key string) string { return texts()[key] }

// Fingerprint is a hash of all texts.
var Fingerprint = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(professional + "\x00" + patient))
	return hex.EncodeToString(sum[:8])
})

// And lists words: "a", "a and b", "a, b and c".
func And(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return Say("list.and", "most", strings.Join(list[:last], Say("list.comma")), "last", list[last])
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
