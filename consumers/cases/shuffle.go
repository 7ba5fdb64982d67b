package cases

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// noShuffle in the notes of a case says that its order matters.
const noShuffle = "noshuffle"

// RunShuffled runs variant n of a case: its files under other names and so in another order, one of
// them perhaps twice, with entries and lines in another order and some repeated. The same n gives
// the same variant.
func (c *Case) RunShuffled(rules *Rules, asOf time.Time, n int) (*Got, error) {
	if c.Fault != nil {
		return nil, c.Fault
	}
	files, err := shuffled(variantSource(c.Name, n), c.inputs())
	if err != nil {
		return nil, err
	}
	return run(files, rules, c.at(asOf, rules.Engine.Settings.Zone), false)
}

// variantSource is the randomness behind variant n of a case.
func variantSource(name string, n int) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, name)
	return rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
}

// MayShuffle reports whether the order of its inputs is irrelevant to a case.
func (c *Case) MayShuffle() bool { return !slices.Contains(c.Notes, noShuffle) }

// CompareShuffled says what a variant changed beyond base, the differences of the case as it
// stands. Rejections are not compared: repetition repeats them.
func (c *Case) CompareShuffled(g *Got, n int, base []Difference) (out []Difference) {
	for _, d := range c.compareFlags(g) {
		if slices.Contains(base, d) {
			continue
		}
		d.Text = fmt.Sprintf("variant %d, %s: %s", n, d.Kind, d.Text)
		d.Kind = "shuffled"
		out = append(out, d)
	}
	return out
}

func shuffled(rng *rand.Rand, inputs []file) ([]file, error) {
	if rng.IntN(2) == 0 {
		inputs = append(slices.Clone(inputs), inputs[rng.IntN(len(inputs))])
	}
	out := make([]file, len(inputs))
	for i, n := range rng.Perm(len(inputs)) {
		data, err := inputs[i].read()
		if err != nil {
			return nil, err
		}
		_, ext, _ := strings.Cut(inputs[i].name, ".")
		data = shuffledFile(rng, ext, data)
		out[n] = file{fmt.Sprintf("%02d.%s", n, ext), func() ([]byte, error) { return data, nil }}
	}
	return out, nil
}

// shuffledFile shuffles the content of a file, if it can be taken apart.
func shuffledFile(rng *rand.Rand, ext string, data []byte) []byte {
	if plain, packed := strings.CutSuffix(ext, ".gz"); packed {
		return shuffledGzip(rng, plain, data)
	}
	body, mark := bytes.CutPrefix(data, []byte("\ufeff"))
	if strings.HasSuffix(ext, "ndjson") {
		body = shuffledLines(rng, body)
	} else {
		body = shuffledBundle(rng, body)
	}
	if mark {
		return append([]byte("\ufeff"), body...)
	}
	return body
}

func shuffledGzip(rng *rand.Rand, ext string, data []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return data
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return data
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(shuffledFile(rng, ext, plain))
	w.Close()
	return b.Bytes()
}

func shuffledLines(rng *rand.Rand, data []byte) []byte {
	var lines [][]byte
	for l := range bytes.Lines(data) {
		if len(bytes.TrimSpace(l)) > 0 {
			lines = append(lines, bytes.TrimRight(l, "\r\n"))
		}
	}
	if len(lines) == 0 {
		return data
	}
	for range 1 + rng.IntN(3) {
		lines = append(lines, lines[rng.IntN(len(lines))])
	}
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return append(bytes.Join(lines, []byte("\n")), '\n')
}

// shuffledBundle shuffles the entries of a Bundle and repeats some that may be repeated: a fullUrl
// may occur only once. The first of a document or message stays first.
func shuffledBundle(rng *rand.Rand, data []byte) []byte {
	var doc map[string]json.RawMessage
	var entries []json.RawMessage
	if json.Unmarshal(data, &doc) != nil || string(doc["resourceType"]) != `"Bundle"` ||
		json.Unmarshal(doc["entry"], &entries) != nil {
		return data
	}
	keep := 0
	if kind := string(doc["type"]); len(entries) > 0 && (kind == `"document"` || kind == `"message"`) {
		keep = 1
	}
	rest := slices.Clone(entries[keep:])
	var plain []json.RawMessage
	for _, e := range rest {
		if !bytes.Contains(e, []byte(`"fullUrl"`)) {
			plain = append(plain, e)
		}
	}
	for range rng.IntN(3) {
		if len(plain) > 0 {
			rest = append(rest, plain[rng.IntN(len(plain))])
		}
	}
	rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	list, err := json.Marshal(append(entries[:keep:keep], rest...))
	if err != nil {
		return data
	}
	doc["entry"] = list
	out, err := json.Marshal(doc)
	if err != nil {
		return data
	}
	return out
}
