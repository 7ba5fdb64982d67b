package main

import (
	"strings"
	"testing"
)

// good is a page that keeps every law, from which the broken ones are made.
const good = "# A page\n\nFor whoever tries the laws of pages.\n\n## A part\n\nIt is for everybody. [Here](#a-part)\n"

// brokenPages break one law each. The fault that is found has to name what is wrong.
var brokenPages = map[string][]struct{ name, text, fault string }{
	"short": {
		{"x.md", good + strings.Repeat("a line\n", 200), "207 lines"},
		{firstPage, good + strings.Repeat("a line\n", 150), "157 lines"},
	},
	"has a reader": {
		{"x.md", "# A page\n\nIt tells a lot.\n", "for whom"},
		{"x.md", "# A page\n\n\n\n\n\n\nFor whoever reads as far as this.\n", "for whom"},
		{firstPage, "# A page\n", "for whom"},
	},
	"links lead": {
		{"x.md", good + "[a](missing.md)\n", "missing.md leads nowhere"},
		{"deploy/x.md", good + "[a](README.md#no-such-part)\n", "no such heading"},
		{"x.md", good + "[a](#a-parts)\n", "no such heading"},
		{"x.md", good + "![a](consumers/page/testdata/nothing.png)\n", "leads nowhere"},
	},
	"near": {
		{"checks/x.md", good, "further than two links"},
	},
	"commands parse": {
		{"x.md", good + "\n    rlsguard replay --as-off 2026-11-23 export/\n", "--as-off"},
		{"x.md", good + "\n```sh\ncat a.json | rlsguard chek -\n```\n", "chek"},
		{"x.md", good + "\n    rlsguard serve && rlsguard watch --never\n", "--never"},
		{"x.md", good + "\n    rlsguard serve --http \\\n      127.0.0.1:0 --nothing\n", "--nothing"},
		{"x.md", good + "1. Do\n\n        rlsguard ack FLAG\n", "--author"},
		{"x.md", good + "Run `rlsguard verify --acknowledge`.\n", "--acknowledge"},
		{"x.md", good + "Run `rlsguard dead show-all`.\n", "command show-all"},
		{"x.md", good + "\n    go run ./cmd/rlsguard demo --kep\n", "--kep"},
	},
	"programs exist": {
		{"x.md", good + "\n    go run ./deploy/benches\n", "no ./deploy/benches"},
		{"x.md", good + "\n    go run ./deploy/bench -sample DIR\n", "no option -sample"},
		{"x.md", good + "\n    go test ./checks -run TestNothingOfTheKind\n", "no test matches"},
	},
	"names are known": {
		{"x.md", good + "`rlsguard_redy`\n", "metric"},
		{"x.md", good + "`rls.flag.high.>`\n", "subject"},
		{"x.md", good + "`rls.flags.severe.x.y`\n", "subject"},
		{"x.md", good + "`rls.dead.no-reason`\n", "subject"},
		{"x.md", good + "| a |\n|---|\n| `RLS_FLAG` |\n", "stream"},
		{"x.md", good + "`Rls-Transitions`\n", "header"},
		{"x.md", good + "`RlsguardUp`\n", "alert"},
		{"x.md", good + "`TestNothingOfTheKind`\n", "test"},
		{"x.md", good + "`RLSGUARD_SOAKS`\n", "variable"},
		{"x.md", good + "`deploy/nothing.conf`\n", "place"},
		{"x.md", good + "`trusted_reviewer`\n", "setting"},
		{"x.md", good + "Give it `--page-authors WHO`.\n", "option"},
		{"x.md", good + "| a |\n|---|\n| `iron-lows` |\n", "check, reason or finding"},
		{"x.md", good + "The setting `regions` does it.\n", "setting"},
	},
	"json is valid": {
		{"x.md", good + "\n```json\n{\"a\": }\n```\n", "no JSON"},
	},
}

// Each law finds what breaks it, and finds nothing wrong with a page that is right.
func TestPageLawsFindFaults(t *testing.T) {
	for law, find := range pageLaws {
		right := site{firstPage: newSheet([]byte(good + "[x](x.md)\n")), "x.md": newSheet([]byte(good))}
		for _, fault := range find(right) {
			t.Errorf("%s: of a page that is right: %s", law, fault)
		}
		if len(brokenPages[law]) == 0 {
			t.Errorf("%s: nothing shows that it can fail", law)
		}
		for _, broken := range brokenPages[law] {
			s := site{firstPage: newSheet([]byte(good + "[x](x.md)\n")), "deploy/README.md": newSheet([]byte(good))}
			s[firstPage] = newSheet([]byte(good + "[x](x.md) [y](deploy/README.md) [z](deploy/x.md)\n"))
			s[broken.name] = newSheet([]byte(broken.text))
			if faults := strings.Join(find(s), "\n"); !strings.Contains(faults, broken.fault) {
				t.Errorf("%s: it finds %q and not %q in %s", law, faults, broken.fault, broken.text)
			}
		}
	}
}
