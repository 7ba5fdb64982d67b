package deploy

import (
	"regexp"
	"strconv"
	"testing"
)

// limit is a row of size.md: where, what is needed in MB, and the limit in MiB.
var limit = regexp.MustCompile("(?m)^\\| `([a-z.]+)`,[^|]*\\| ([0-9]+) \\| ([0-9]+) \\|$")

// number is what a file says in the one place where an expression finds it.
func number(t *testing.T, file, expression string) int {
	t.Helper()
	found := regexp.MustCompile(expression).FindAllStringSubmatch(read(t, file), -1)
	if len(found) != 1 {
		t.Fatalf("%s: %d times %s", file, len(found), expression)
	}
	n, err := strconv.Atoi(found[0][1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Unit and manifest limit memory as size.md says, with room over what was measured.
func TestLimitsFitTheSize(t *testing.T) {
	set := map[string]int{
		"rlsguard.service": number(t, "rlsguard.service", `(?m)^MemoryMax=([0-9]+)M$`),
		"kubernetes.yaml":  number(t, "kubernetes.yaml", `limits: \{memory: ([0-9]+)Mi\}`),
	}
	rows := limit.FindAllStringSubmatch(read(t, "size.md"), -1)
	if len(rows) != len(set) {
		t.Errorf("size.md tells of %d limits, the files have %d", len(rows), len(set))
	}
	for _, r := range rows {
		needed, err := strconv.Atoi(r[2])
		if err != nil {
			t.Fatal(err)
		}
		told, err := strconv.Atoi(r[3])
		if err != nil {
			t.Fatal(err)
		}
		if set[r[1]] != told {
			t.Errorf("%s has %d MiB, size.md says %d", r[1], set[r[1]], told)
		}
		if 2*told<<20 < 3*needed*1_000_000 {
			t.Errorf("%s: %d MiB are less than one and a half times %d MB", r[1], told, needed)
		}
	}
	soft := number(t, "kubernetes.yaml", `GOMEMLIMIT, value: ([0-9]+)MiB`)
	if hard := set["kubernetes.yaml"]; soft > hard*9/10 || soft < hard*8/10 {
		t.Errorf("GOMEMLIMIT is %d MiB of %d", soft, hard)
	}
}
