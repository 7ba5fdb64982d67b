package deploy

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/conf"
	"github.com/nats-io/nats-server/v2/server"
)

// block is a map of the configuration language.
type block = map[string]any

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

func listOf(v any) []block {
	var all []block
	list, _ := v.([]any)
	for _, one := range list {
		b, _ := one.(block)
		all = append(all, b)
	}
	return all
}

// exported is the subject of an export, and whether it is a stream's.
func exported(e block) (subject string, stream bool) {
	if s, ok := e["stream"].(string); ok {
		return s, true
	}
	s, _ := e["service"].(string)
	return s, false
}

// The laws that keep everybody else's messages out, as the file states them.
func TestLawsOfTheAccounts(t *testing.T) {
	accounts := accountsFile(t)
	var names []string
	for _, u := range listOf(accounts["RLSGUARD"].(block)["users"]) {
		names = append(names, u["user"].(string))
	}
	if slices.Sort(names); !slices.Equal(names, []string{"admin", "rlsguard"}) {
		t.Errorf("users of RLSGUARD: %v", names)
	}
	for name, v := range accounts {
		a := v.(block)
		holds := name == "RLSGUARD" || name == "RLSGUARD_OUT"
		if _, has := a["jetstream"]; has != holds {
			t.Errorf("%s has JetStream: %v", name, has)
		}
		if _, has := a["users"]; has != (name != "RLSGUARD_OUT") {
			t.Errorf("%s has users: %v", name, has)
		}
		if exports := listOf(a["exports"]); !holds && len(exports) > 0 {
			t.Errorf("%s exports", name)
		} else {
			lawfulExports(t, name, exports)
		}
		for _, i := range listOf(a["imports"]) {
			if i["allow_trace"] != nil || i["share"] != nil {
				t.Errorf("%s imports with more than the subject: %v", name, i)
			}
		}
	}
}

func lawfulExports(t *testing.T, account string, exports []block) {
	t.Helper()
	var before []string
	for _, e := range exports {
		subject, stream := exported(e)
		if to, _ := e["accounts"].([]any); len(to) == 0 {
			t.Errorf("%s exports %s to everybody", account, subject)
		}
		if e["allow_trace"] != nil || e["latency"] != nil {
			t.Errorf("%s exports %s with traces", account, subject)
		}
		if account == "RLSGUARD_OUT" && stream {
			t.Errorf("%s exports the stream %s: what is delivered there could be chosen", account, subject)
		}
		if account == "RLSGUARD" && server.SubjectsCollide(subject, "$JS.API.CONSUMER.CREATE.>") &&
			subject != "$JS.API.CONSUMER.CREATE.RLS.*.rls.commit.flags.>" {
			t.Errorf("%s lets others make consumers: %s", account, subject)
		}
		for _, other := range before {
			if server.SubjectsCollide(subject, other) {
				t.Errorf("%s: exports %s and %s overlap, which JWTs do not allow", account, subject, other)
			}
		}
		before = append(before, subject)
	}
}
