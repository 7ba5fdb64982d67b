package files

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// Unread is input that was named, or lies in a folder that was, and gave nothing.
type Unread struct {
	Source string `json:"source"` // a file, file:line of a document, or a folder
	Reason string `json:"reason"`
	Count  int    `json:"count"` // files, or documents with reason empty
	Detail string `json:"detail"`
}

// Reasons of unread.
const (
	unreadName    = "name"       // files of a folder whose names do not say FHIR JSON
	unreadLink    = "link"       // a link that leads nowhere or out of the folder
	unreadSpecial = "special"    // a device, pipe or socket in a folder
	unreadFailed  = "unreadable" // it could not be opened, or not be read to its end
	unreadEmpty   = "empty"      // there is no resource in it
)

// passedOver are the files of a folder that are not read for their names.
func (f *folder) passedOver() []Unread {
	total, ends := 0, slices.SortedFunc(maps.Keys(f.other), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.other[b], f.other[a]), cmp.Compare(a, b))
	})
	var kinds []string
	for i, end := range ends {
		total += f.other[end]
		if i < 5 {
			kinds = append(kinds, fmt.Sprintf("%d %s", f.other[end], end))
		}
	}
	if len(ends) > 5 {
		kinds = append(kinds, "others")
	}
	u := Unread{Source: f.path, Reason: unreadName, Count: total}
	switch {
	case len(f.found) == 0 && total == 0:
		u.Detail = "no file in it ends in .json, .ndjson, .json.gz or .ndjson.gz"
	case len(f.found) == 0:
		u.Detail = "no file in it ends in .json, .ndjson, .json.gz or .ndjson.gz: " + strings.Join(kinds, ", ")
	case total > 0:
		u.Detail = terminal.Plural(total, "file", "files") + " not read, by name: " + strings.Join(kinds, ", ")
	default:
		return nil
	}
	return []Unread{u}
}

// ending is how a name ends: .txt, .tar.gz.
func ending(name string) string {
	name, packed := strings.CutSuffix(strings.ToLower(filepath.Base(name)), ".gz")
	end := filepath.Ext(name)
	if packed {
		end += ".gz"
	}
	return cmp.Or(end, "without an extension")
}

// Emptied is what of a source held no resource; events is the number of those that it did hold.
func Emptied(name string, events, hollow, line int) []Unread {
	switch {
	case hollow > 1:
		return []Unread{{Source: fmt.Sprintf("%s:%d", name, line), Reason: unreadEmpty, Count: hollow,
			Detail: fmt.Sprintf(
				"no resource in it, such as a Bundle without entries, nor in %s after it",
				terminal.Plural(hollow-1, "line", "lines"),
			)}}
	case hollow == 1:
		return []Unread{{Source: fmt.Sprintf("%s:%d", name, line), Reason: unreadEmpty, Count: 1,
			Detail: "no resource in it, such as a Bundle without entries"}}
	case events == 0:
		return []Unread{{Source: name, Reason: unreadEmpty, Count: 1, Detail: "empty"}}
	}
	return nil
}

// failedSource is a source that could not be read to its end. Its error names it.
func failedSource(name string, err error) Unread {
	return Unread{Source: name, Reason: unreadFailed, Count: 1, Detail: strings.TrimPrefix(err.Error(), name+": ")}
}

// TellUnread tells what was not read, a line each.
func TellUnread(stderr io.Writer, all []Unread) {
	for _, u := range all {
		switch u.Reason {
		case unreadLink, unreadSpecial:
			terminal.Tell(stderr, "%s: not read, %s", u.Source, u.Detail)
		default:
			terminal.Tell(stderr, "%s: %s", u.Source, u.Detail)
		}
	}
}
