package settings

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ConfigPlace finds the lines of a configuration file that errors are about.
type ConfigPlace struct {
	File string
	root yaml.Node
}

// The messages of the YAML package; compiled only when one has to be worded, since every start
// would pay for it.
const (
	yamlLine     = `^(?:yaml: )?line (\d+): (.*)$`
	unknownField = `^field (\S+) not found in type \S+$`
	goType       = "^cannot unmarshal !!(\\w+)(?: `(.*)`)? into (\\S+)$"
)

func match(pattern, text string) []string {
	return regexp.MustCompile(pattern).FindStringSubmatch(text)
}

// syntax words an error of the YAML itself.
func (p *ConfigPlace) syntax(err error) error {
	return p.yamlError(strings.ReplaceAll(err.Error(), "\n", " "))
}

// decoding words the errors of values that do not fit their keys.
func (p *ConfigPlace) decoding(err error) error {
	var mismatch *yaml.TypeError
	if !errors.As(err, &mismatch) {
		line := p.culprit(p.document(), nil)
		if key := p.key(line, yaml.ScalarNode, ""); key != "" {
			err = fmt.Errorf("%s: %w", key, err)
		}
		return p.at(line, err)
	}
	var errs []error
	for _, text := range mismatch.Errors {
		errs = append(errs, p.yamlError(text))
	}
	return errors.Join(errs...)
}

func (p *ConfigPlace) yamlError(text string) error {
	m := match(yamlLine, text)
	if m == nil {
		return fmt.Errorf("%s: %s", p.File, strings.TrimPrefix(text, "yaml: "))
	}
	what := m[2]
	if f := match(unknownField, what); f != nil {
		what = fmt.Sprintf("unknown key %q", f[1])
		line, _ := strconv.Atoi(m[1]) // digits
		if near := suggestion(p.above(line, f[1]), f[1]); near != "" {
			what += ", did you mean " + near + "?"
		}
	} else if f := match(goType, what); f != nil {
		line, _ := strconv.Atoi(m[1]) // digits
		value, key := strconv.Quote(f[2]), ""
		switch f[1] {
		case "seq":
			value, key = "a list", p.key(line, yaml.SequenceNode, "")
		case "map":
			value, key = "keys and values", p.key(line, yaml.MappingNode, "")
		default:
			key = p.key(line, yaml.ScalarNode, f[2])
		}
		what = strings.TrimPrefix(fmt.Sprintf("%s: %s is not %s", key, value, plainType(f[3])),
			": ")
	}
	return fmt.Errorf("%s:%s: %s", p.File, m[1], what)
}

// plainType says in words what a Go type takes.
func plainType(t string) string {
	switch {
	case t == "int":
		return "a whole number"
	case t == "bool":
		return "true or false"
	case t == "string":
		return "a text"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	default:
		return "keys and values"
	}
}

// errors adds file and line to every error that starts with the path of a key.
func (p *ConfigPlace) errors(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, p.errors(e))
		}
		return errors.Join(errs...)
	}
	path, _, _ := strings.Cut(err.Error(), " ")
	return p.at(p.line(strings.TrimSuffix(path, ":")), err)
}

func (p *ConfigPlace) at(line int, err error) error {
	if line == 0 {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	return fmt.Errorf("%s:%d: %w", p.File, line, err)
}

func (p *ConfigPlace) document() *yaml.Node {
	if len(p.root.Content) == 0 {
		return &yaml.Node{}
	}
	return p.root.Content[0]
}

// line is where the value of a path like orders.tail_days.fluoxetine or iron.laboratories[0]
// stands, or what of it is there; 0 when nothing is.
func (p *ConfigPlace) line(path string) int {
	node, line := p.document(), 0
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if node = child(node, part); node == nil {
			return line
		}
		line = node.Line
	}
	return line
}

// key is the path of the innermost value of a kind that starts on a line; a scalar is the first one
// with a value, which may end in dots where it was cut. "" when there is none.
func (p *ConfigPlace) key(line int, kind yaml.Kind, value string) string {
	value = strings.TrimSuffix(value, "...")
	var found string
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if n.Line == line && n.Kind == kind &&
			(kind != yaml.ScalarNode || found == "" && strings.HasPrefix(n.Value, value)) {
			found = path
		}
		for i, c := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				walk(c, fmt.Sprintf("%s[%d]", path, i))
			case i%2 == 1:
				walk(c, strings.TrimPrefix(path+"."+n.Content[i-1].Value, "."))
			}
		}
	}
	walk(p.document(), "")
	return found
}

// above is the path of the keys that lead to a key on a line, without numbers of lists.
func (p *ConfigPlace) above(line int, key string) (found string) {
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i, c := range n.Content {
			switch {
			case n.Kind != yaml.MappingNode:
				walk(c, path)
			case i%2 == 0 && c.Line == line && c.Value == key:
				found = path
			case i%2 == 1:
				walk(c, strings.TrimPrefix(path+"."+n.Content[i-1].Value, "."))
			}
		}
	}
	walk(p.document(), "")
	return found
}

func child(n *yaml.Node, part string) *yaml.Node {
	switch n.Kind {
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(part); err == nil && i < len(n.Content) {
			return n.Content[i]
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// culprit finds the line of the value that does not decode, for errors that do not tell: it tries
// each value by itself, under the keys that lead to it.
func (p *ConfigPlace) culprit(n *yaml.Node, around func(*yaml.Node) *yaml.Node) int {
	if around == nil {
		around = func(inner *yaml.Node) *yaml.Node { return inner }
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			line := p.culprit(n.Content[i+1], func(inner *yaml.Node) *yaml.Node {
				return around(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, inner}})
			})
			if line > 0 {
				return line
			}
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			line := p.culprit(item, func(inner *yaml.Node) *yaml.Node {
				return around(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{inner}})
			})
			if line > 0 {
				return line
			}
		}
	default:
		if around(n).Decode(new(Config)) != nil {
			return n.Line
		}
	}
	return 0
}
