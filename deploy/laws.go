package deploy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// block is a map of the server's configuration language.
type block = map[string]any

// Broken names the laws that accounts break, as the server's configuration language has them: with
// them nobody but the users inside can cause a message in a stream or a live flag. None are broken
// where it returns nothing.
func Broken(accounts map[string]any, inside ...string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(accounts)) {
		a, _ := accounts[name].(block)
		holds := name == "RLSGUARD" || name == "RLSGUARD_OUT"
		if _, has := a["jetstream"]; has != holds {
			say("%s has JetStream: %v", name, has)
		}
		for _, u := range listOf(a["users"]) {
			user, _ := u["user"].(string)
			if name == "RLSGUARD_OUT" || name == "RLSGUARD" && !slices.Contains(inside, user) {
				say("%s has the user %s", name, user)
			}
		}
		if exports := listOf(a["exports"]); !holds && len(exports) > 0 {
			say("%s exports", name)
		} else {
			found = append(found, brokenExports(name, exports)...)
		}
		for _, i := range listOf(a["imports"]) {
			if i["allow_trace"] != nil || i["share"] != nil {
				say("%s imports with more than the subject: %v", name, i)
			}
		}
	}
	return found
}

func brokenExports(account string, exports []block) (found []string) {
	say := func(format string, args ...any) {
		found = append(found, account+" exports "+fmt.Sprintf(format, args...))
	}
	var before []string
	for _, e := range exports {
		subject, stream := exported(e)
		if to, _ := e["accounts"].([]any); len(to) == 0 {
			say("%s to everybody", subject)
		}
		if e["allow_trace"] != nil || e["latency"] != nil {
			say("%s with traces", subject)
		}
		if account == "RLSGUARD_OUT" && stream {
			say("the stream %s: what is delivered there could be chosen", subject)
		}
		if account == "RLSGUARD" && server.SubjectsCollide(subject, "$JS.API.CONSUMER.CREATE.>") &&
			subject != "$JS.API.CONSUMER.CREATE.RLS.*.rls.commit.flags.>" {
			say("%s, and so lets others make consumers", subject)
		}
		for _, other := range before {
			if server.SubjectsCollide(subject, other) {
				say("%s and %s, which overlap: JWTs do not allow that", subject, other)
			}
		}
		before = append(before, subject)
	}
	return found
}

// exported is the subject of an export, and whether it is a stream's.
func exported(e block) (subject string, stream bool) {
	if s, ok := e["stream"].(string); ok {
		return s, true
	}
	s, _ := e["service"].(string)
	return s, false
}

// listOf are the maps in a list.
func listOf(v any) []block {
	var all []block
	list, _ := v.([]any)
	for _, one := range list {
		b, _ := one.(block)
		all = append(all, b)
	}
	return all
}
