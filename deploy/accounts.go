// Package deploy hands the program the account layout of accounts.conf, so that a server inside the
// process and one of the site's own give a role the same rights. Its tests hold the files of this
// folder to what they promise.
//
// The package must not import any other of this module.
package deploy

import _ "embed"

// Accounts is the text of accounts.conf. Passwords stand in it as variables, $RLSGUARD_PASSWORD and
// so on, which have to be defined before it.
//
//go:embed accounts.conf
var Accounts string
