package embedded

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nats-io/nats-server/v2/conf"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/deploy"
)

// User is somebody whom the embedded server lets in, with the rights that a user of
// deploy/accounts.conf has.
type User struct {
	Name, Password string
	Role           string // one of Roles
}

// domainName is that of the JetStream domain under which users reach streams of another account.
const domainName = "RLSGUARD"

// block is a map of the server's configuration language.
type block = map[string]any

// password is a variable in deploy/accounts.conf.
var password = regexp.MustCompile(`\$([A-Z]+_PASSWORD)`)

// shippedAccounts are the accounts of deploy/accounts.conf.
func shippedAccounts() (block, error) {
	var text strings.Builder
	for _, m := range password.FindAllStringSubmatch(deploy.Accounts, -1) {
		fmt.Fprintf(&text, "%s: none\n", m[1]) // replaced by that of a user who has the role
	}
	all, err := conf.Parse(text.String() + deploy.Accounts)
	if err != nil {
		return nil, fmt.Errorf("deploy/accounts.conf: %w", err)
	}
	accounts, _ := all["accounts"].(block)
	return accounts, nil
}

// mapsIn are the maps in a list.
func mapsIn(list any) []block {
	all, _ := list.([]any)
	var found []block
	for _, one := range all {
		if b, ok := one.(block); ok {
			found = append(found, b)
		}
	}
	return found
}

// Roles are those that a User may have.
func Roles() []string {
	accounts, err := shippedAccounts()
	if err != nil {
		return nil
	}
	var roles []string
	for _, a := range accounts {
		for _, u := range mapsIn(a.(block)["users"]) {
			roles = append(roles, u["user"].(string))
		}
	}
	slices.Sort(roles)
	return roles
}

// userName is what can stand in the subjects on which a user gets answers.
var userName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// withAccounts configures a server with the accounts of deploy/accounts.conf. Each user gets an
// account of its own, as that file wants it for whoever must not deceive others; only those of the
// roles rlsguard and admin share the one that holds the streams, where self, which is this process,
// may do everything.
func withAccounts(o *server.Options, users []User, self *server.User) error {
	accounts, err := shippedAccounts()
	if err != nil {
		return err
	}
	made, passwords := block{}, map[string]string{}
	given := map[string][]any{} // the accounts that stand for one of the file
	for name, v := range accounts {
		a := v.(block)
		roles := mapsIn(a["users"])
		delete(a, "users")
		for _, u := range users {
			role := roleOf(roles, u.Role)
			if role == nil {
				continue
			}
			if _, twice := passwords[u.Name]; twice || u.Name == self.Username {
				return fmt.Errorf("there are two users %s", u.Name)
			}
			if !userName.MatchString(u.Name) {
				return fmt.Errorf("user %q: a name is one word of A-Z, a-z, 0-9, minus and underscore", u.Name)
			}
			passwords[u.Name] = u.Password
			own, inside := name, keepsName(name)
			if !inside {
				own = name + "_" + u.Name
			}
			if made[own] == nil {
				made[own] = copyOf(a)
				given[name] = append(given[name], own)
			}
			to := made[own].(block)
			list, _ := to["users"].([]any)
			to["users"] = append(list, named(role, u.Name))
		}
		if keepsName(name) && made[name] == nil {
			made[name] = a
		}
	}
	for _, u := range users {
		if _, ok := passwords[u.Name]; !ok {
			return fmt.Errorf("user %s: there is no role %q, only %s", u.Name, u.Role, strings.Join(Roles(), ", "))
		}
	}
	for _, a := range made {
		export(a.(block), given)
	}
	if broken := deploy.Broken(made, insiders(users)...); len(broken) > 0 {
		return fmt.Errorf("accounts of the embedded server: %s", strings.Join(broken, "; "))
	}
	return configure(o, made, passwords, self)
}

// insiders are those who share the account that holds the streams.
func insiders(users []User) []string {
	var names []string
	for _, u := range users {
		if u.Role == "rlsguard" || u.Role == "admin" {
			names = append(names, u.Name)
		}
	}
	return names
}

// keepsName tells whether an account is the same whoever the users are.
func keepsName(account string) bool {
	return account == blocks.OwnAccount || account == blocks.OtherAccount || account == "SYS"
}

func roleOf(roles []block, name string) block {
	for _, r := range roles {
		if r["user"] == name {
			return r
		}
	}
	return nil
}

// named is a user of the file under another name, which is part of the subjects that it gets
// answers on.
func named(role block, name string) block {
	u := copyOf(role)
	inbox := "_INBOX_" + role["user"].(string) + ".>"
	u["user"], u["password"] = name, "none"
	if permissions, ok := u["permissions"].(block); ok {
		if list, ok := permissions["subscribe"].([]any); ok {
			for i, s := range list {
				if s == inbox {
					list[i] = "_INBOX_" + name + ".>"
				}
			}
		}
	}
	return u
}

// export gives what an account exports to the accounts that stand for those of the file; what
// nobody would get is left out.
func export(account block, given map[string][]any) {
	var left []any
	for _, e := range mapsIn(account["exports"]) {
		var to []any
		for _, name := range e["accounts"].([]any) {
			if keepsName(name.(string)) {
				to = append(to, name)
			} else {
				to = append(to, given[name.(string)]...)
			}
		}
		if len(to) > 0 {
			e["accounts"] = to
			left = append(left, e)
		}
	}
	if account["exports"] != nil {
		account["exports"] = left
	}
}

// configure sets what the configuration says; JSON is a part of the server's language.
func configure(o *server.Options, accounts block, passwords map[string]string, self *server.User) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(block{"accounts": accounts, "system_account": "SYS"}); err != nil {
		return err
	}
	if err := o.ProcessConfigString(text.String()); err != nil {
		return fmt.Errorf("accounts of the embedded server: %w", err)
	}
	for _, u := range o.Users {
		u.Password = passwords[u.Username]
	}
	for _, a := range o.Accounts {
		if a.Name == blocks.OwnAccount {
			self.Account = a
		}
	}
	o.Users = append(o.Users, self)
	return nil
}

// copyOf is a copy that shares nothing with b.
func copyOf(b block) block {
	all := block{}
	for name, v := range b {
		all[name] = copied(v)
	}
	return all
}

func copied(v any) any {
	switch v := v.(type) {
	case block:
		return copyOf(v)
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = copied(one)
		}
		return list
	}
	return v
}
