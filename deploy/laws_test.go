package deploy

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/conf"
)

// accountsFile is accounts.conf as the server reads it.
func accountsFile(t *testing.T) block {
	t.Helper()
	for _, user := range append([]string{"sys"}, users...) {
		t.Setenv(strings.ToUpper(user)+"_PASSWORD", user)
	}
	all, err := conf.ParseFile(filepath.Join(".", "accounts.conf"))
	if err != nil {
		t.Fatal(err)
	}
	accounts, _ := all["accounts"].(block)
	if len(accounts) < 8 {
		t.Fatalf("%d accounts", len(accounts))
	}
	return accounts
}

// The laws that keep everybody else's messages out, as the file states them.
func TestLawsOfTheAccounts(t *testing.T) {
	accounts := accountsFile(t)
	for _, law := range Broken(accounts, "admin", "rlsguard") {
		t.Error(law)
	}
	for name, v := range accounts {
		if _, has := v.(block)["users"]; has != (name != "RLSGUARD_OUT") {
			t.Errorf("%s has users: %v", name, has)
		}
	}
}

// Each law is noticed when it is broken.
func TestBrokenLaws(t *testing.T) {
	exports := func(account string, e block) func(block) {
		e["accounts"] = []any{"ORDERS"}
		return func(a block) { add(a, account, "exports", e) }
	}
	for words, broken := range map[string]func(block){
		"RLSGUARD has the user eve":          func(a block) { add(a, "RLSGUARD", "users", block{"user": "eve"}) },
		"RLSGUARD_OUT has the user eve":      func(a block) { add(a, "RLSGUARD_OUT", "users", block{"user": "eve"}) },
		"PRODUCERS has JetStream":            func(a block) { a["PRODUCERS"].(block)["jetstream"] = block{} },
		"PRODUCERS exports":                  exports("PRODUCERS", block{"service": "x"}),
		"exports x to everybody":             func(a block) { add(a, "RLSGUARD", "exports", block{"service": "x"}) },
		"with traces":                        exports("RLSGUARD", block{"service": "x", "latency": "y"}),
		"exports the stream rls.x: what":     exports("RLSGUARD_OUT", block{"stream": "rls.x"}),
		"lets others make consumers":         exports("RLSGUARD", block{"service": "$JS.API.CONSUMER.>"}),
		"which overlap":                      exports("RLSGUARD", block{"service": "fhir.*.x"}),
		"imports with more than the subject": func(a block) { add(a, "ORDERS", "imports", block{"share": true}) },
		"RLSGUARD has JetStream: false":      func(a block) { delete(a["RLSGUARD"].(block), "jetstream") },
	} {
		accounts := accountsFile(t)
		broken(accounts)
		found := Broken(accounts, "admin", "rlsguard")
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, words) }) {
			t.Errorf("%s: %v", words, found)
		}
	}
}

func add(accounts block, account, list string, one block) {
	a := accounts[account].(block)
	all, _ := a[list].([]any)
	a[list] = append(all, one)
}
