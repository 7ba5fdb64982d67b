package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites the expected output in the scripts. Read the difference before it is committed.
var update = flag.Bool("update", false, "rewrite the expected output of testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rlsguard": main})
}

// TestScript runs the commands as their users do: each script of testdata/script is one behaviour.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			// No server of the machine's own, nor a data folder of the user's, may be found by
			// chance.
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data-home"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config-home"))
			env.Setenv("NATS_URL", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfile":  waitFile,
			"waitready": waitReady,
			"env-from":  envFrom,
			"http-post": httpPost,
			"weights":   weights,
			"site":      siteWithReviewers,
			"edit":      editFile,
		},
	})
}

// waitFile waits until a file is there, as a server makes it when it is ready.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not come", args[0])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// waitReady waits until the server whose address is in a file says that it is ready: its streams
// are there and it consumes.
func waitReady(ts *testscript.TestScript, neg bool, args []string) {
	waitFile(ts, neg, args)
	address := strings.TrimSpace(ts.ReadFile(args[0])) + "/readyz"
	for deadline := time.Now().Add(time.Minute); ; {
		if resp, err := http.Get(address); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not turn ready", address)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// envFrom sets a variable to what a file says.
func envFrom(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// httpPost posts a JSON file to an address, and writes the answer to another file.
func httpPost(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := http.Post(args[0], "application/json", strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o644))
}

// weights writes so many weights of Patient/p into a file, each with a version newer than any
// diagnosis of the script.
func weights(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b strings.Builder
	for i := range n {
		at := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC).Format(time.RFC3339)
		fmt.Fprintf(
			&b,
			`{"resourceType":"Observation","id":"w%d","meta":{"versionId":"1","lastUpdated":%q},"status":"final","subject":{"reference":"Patient/p"},`+
				`"effectiveDateTime":%q,"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},`+
				`"valueQuantity":{"value":70,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`+"\n",
			i,
			at,
			at,
		)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o644))
}
