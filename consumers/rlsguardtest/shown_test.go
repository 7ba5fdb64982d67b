package rlsguardtest_test

import (
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/consumers/rlsguardtest"
)

func TestPatient(t *testing.T) {
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	flags := rlsguardtest.Flags(t, asOf, "testdata/patient.json")
	if len(flags) != 2 || flags[1].Check != "rls-ssri" { // sorted by patient, check and ingredient
		t.Errorf("%v", flags)
	}
}
