package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// siteWithReviewers writes a configuration that requires approved rules: site FILE APPROVALS KEY...
func siteWithReviewers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: site file approvals key...")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "require_approved_rules: true\napprovals: [%s]\ntrusted_reviewers:\n", args[1])
	for _, key := range args[2:] {
		fmt.Fprintf(&b, "  - %s\n", strings.TrimSpace(ts.ReadFile(key)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// editFile replaces a text in a file, or adds one at its end where the old one is "": edit FILE OLD NEW.
func editFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	text := ts.ReadFile(args[0])
	if args[1] != "" && !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	if args[1] == "" {
		text += args[2] + "\n"
	} else {
		text = strings.Replace(text, args[1], args[2], 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
