package terms

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

func BenchmarkClassifyProductCode(b *testing.B) {
	codings := []codes.Coding{{System: codes.RxNorm, Code: "312938"}}
	b.ReportAllocs()
	for b.Loop() {
		Embedded().Classify(codings, nil)
	}
}

func BenchmarkClassifyOrdinaryCode(b *testing.B) {
	codings := []codes.Coding{{System: codes.RxNorm, Code: "197361"}}
	names := []string{"Amlodipine 5 MG Oral Tablet"}
	b.ReportAllocs()
	for b.Loop() {
		Embedded().Classify(codings, names)
	}
}

func BenchmarkClassifyName(b *testing.B) {
	names := []string{"Citalopram (as hydrobromide) 20mg tablets"}
	b.ReportAllocs()
	for b.Loop() {
		Embedded().Classify(nil, names)
	}
}

func BenchmarkLabRelevant(b *testing.B) {
	code := []byte("8302-2")
	for b.Loop() {
		labs.Known(code)
	}
}

func BenchmarkRLSText(b *testing.B) {
	for b.Loop() {
		conditions.NamesRLS("Essential hypertension with left ventricular hypertrophy")
	}
}

// BenchmarkCold measures the first answer of a process: each round asks in a new process, compared
// with the same process asking nothing.
func BenchmarkCold(b *testing.B) {
	for _, ask := range []string{"nothing", "code", "name"} {
		b.Run(ask, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(os.Args[0], "-test.run=^TestFirstAnswer$")
				cmd.Env = append(os.Environ(), "TERMS_ASK="+ask)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestFirstAnswer asks the first question of a process; BenchmarkCold runs it.
func TestFirstAnswer(t *testing.T) {
	var m Match
	switch os.Getenv("TERMS_ASK") {
	case "code":
		m = Embedded().Classify([]codes.Coding{{System: codes.RxNorm, Code: "312938"}}, nil)
	case "name":
		m = Embedded().Classify(nil, []string{"Zoloft 100 mg"})
	default:
		t.Skip("nothing asked")
	}
	if drugsIn(m) != "sertraline 100" {
		t.Error(drugsIn(m))
	}
}
