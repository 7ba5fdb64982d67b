package checks

import (
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// LabNeed says what is wrong with the newest result of an analyte.
type LabNeed string

// Needs of a result. labAwaited: it was ordered and has no value yet.
const (
	labFine     LabNeed = ""
	LabMissing  LabNeed = "missing"
	labAwaited  LabNeed = "pending"
	LabUnusable LabNeed = "unusable"
	LabOld      LabNeed = "old"
)

// IronNeed says which iron results an open iron flag asks for.
type IronNeed struct {
	Check    string // the open iron check; "" if none is
	Ferritin LabNeed
	TSAT     LabNeed
	// Drugs are the ingredients the flag is about, as its summary names them; "" if it is about no
	// order.
	Drugs string
}

// Wanted lists the analytes to order, all from one draw: ferritin with iron and total iron binding
// capacity. If a low value is already known, only what completes the set; never what is pending.
func (n IronNeed) Wanted() []labs.Analyte {
	wants := func(l LabNeed) bool { return l == LabMissing || l == LabUnusable || l == LabOld }
	set := n.Check != checkIronLow && (wants(n.Ferritin) || wants(n.TSAT))
	var all []labs.Analyte
	if wants(n.Ferritin) || set && n.Ferritin != labAwaited {
		all = append(all, labs.Ferritin)
	}
	if wants(n.TSAT) || set && n.TSAT != labAwaited {
		all = append(all, labs.Iron, labs.TIBC)
	}
	return all
}

// IronSampling says how to draw blood for iron studies (rules.md R3).
func IronSampling() string { return words.Say("iron.sampling.long") }

// need is what the panel lacks for the open check.
func (c *ironCase) need(check string) IronNeed {
	n := IronNeed{
		Check:    check,
		Ferritin: needOf(&c.panel.ferritin, c.ferritinAge),
		TSAT:     needOf(&c.panel.tsat, c.tsatAge),
	}
	if check == checkIronLow { // one low value is enough; the repeat follows treatment
		n.Ferritin, n.TSAT = needOf(&c.panel.ferritin, labCurrent), needOf(&c.panel.tsat, labCurrent)
	}
	if check == checkIronStale { // both are repeated from one draw
		n.Ferritin, n.TSAT = LabOld, LabOld
	}
	return n
}

func needOf(res *analyteResult, age labAge) LabNeed {
	switch res.state {
	case analyteNeverSeen:
		return LabMissing
	case analytePending:
		return labAwaited
	case analyteUnusable:
		return LabUnusable
	}
	if age > labCurrent {
		return LabOld
	}
	return labFine
}
