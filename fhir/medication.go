package fhir

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/unread"
)

func (d *decoder) order(k kind, res *Resource) {
	at := &d.at
	status, withdrawn := d.orderStatus(k, at[nStatus])
	intent := d.intent(k, at[nIntent])
	if d.rejection != nil || !d.about(at[nSubject], withdrawn, res) {
		return
	}
	if withdrawn {
		mark(res, facts.MarkEnteredInError)
		return
	}
	o := &facts.Order{Status: status, Intent: intent}
	res.Relevant, res.Fact.Kind, res.Fact.Order = true, facts.KindOrder, o
	d.modified(at[nModifierExtension])
	d.orderDrug(o)
	switch k {
	case kindRequest:
		d.request(o)
	case kindDispense:
		d.dispense(o)
	case kindStatement:
		d.statement(o)
	}
	if v := at[nReasonCode]; v > 0 {
		o.Reasons = d.concepts(int(v))
	}
	if v := at[nReasonReference]; v > 0 {
		d.reasonRefs(int(v), o)
	}
}

func (d *decoder) request(o *facts.Order) {
	at := &d.at
	if v := at[nDoNotPerform]; v > 0 {
		o.DoNotPerform = d.boolean(int(v))
	}
	o.Reported = at[nReportedReference] > 0
	if v := at[nReportedBoolean]; v > 0 {
		o.Reported = d.boolean(int(v))
	}
	if v := at[nAuthoredOn]; v > 0 {
		o.Authored = d.dateTime(int(v))
	}
	if v := at[nDosageInstruction]; v > 0 {
		o.Dosages = d.dosages(int(v))
	}
	v := at[nDispenseRequest]
	if v == 0 {
		return
	}
	unknown := false
	p := d.object(int(v))
	for d.more(&p) {
		mark := d.mark()
		switch p.name {
		case nValidityPeriod:
			o.Validity = d.period(p.v)
		case nNumberOfRepeatsAllowed:
			o.Repeats = d.whole(p.v)
			unknown = d.unreadSince(mark, unread.Supply) || unknown
		case nQuantity:
			o.SupplyAmount = d.supplyAmount(p.v)
		case nExpectedSupplyDuration:
			o.SupplyDays = d.supplyDays(p.v, false)
			unknown = len(d.gaps) > mark || unknown
		case nModifierExtension:
			d.modified(uint32(p.v))
			unknown = d.unreadSince(mark, unread.Supply) || unknown
		}
	}
	if unknown { // nor does the validity then say how long it lasts
		o.SupplyDays, o.Validity.End = "", moment.Time{}
	}
}

// supplyAmount is the Quantity at v that is or was handed out; nothing if part of it cannot be
// read.
func (d *decoder) supplyAmount(v int) facts.Quantity {
	mark := d.mark()
	q := d.quantity(v)
	if d.unreadSince(mark, unread.Dose) {
		return facts.Quantity{}
	}
	return q
}

// supplyDays is the Quantity at v, a length of time, in days; inDays makes a unit that is not of
// time mean days.
func (d *decoder) supplyDays(v int, inDays bool) string {
	mark := d.mark()
	q := d.quantity(v)
	days, ok := checks.LengthInDays(&q, inDays)
	if len(d.gaps) == mark && !ok && q.Value != "" {
		d.unread(v, "not a length of time in a known unit")
	}
	if d.unreadSince(mark, unread.Supply) {
		return ""
	}
	return days
}

func (d *decoder) dispense(o *facts.Order) {
	at := &d.at
	o.Kind = facts.Dispense
	for _, n := range [...]name{nWhenPrepared, nWhenHandedOver} {
		if v := at[n]; v > 0 {
			if t := d.dateTime(int(v)); !t.IsZero() {
				o.Authored = t
			}
		}
	}
	if v := at[nDaysSupply]; v > 0 {
		o.SupplyDays = d.supplyDays(int(v), true)
	}
	if v := at[nQuantity]; v > 0 {
		o.SupplyAmount = d.supplyAmount(int(v))
	}
	if v := at[nDosageInstruction]; v > 0 {
		o.Dosages = d.dosages(int(v))
	}
}

func (d *decoder) statement(o *facts.Order) {
	at := &d.at
	o.Kind = facts.Statement
	if v := at[nDateAsserted]; v > 0 {
		o.Authored = d.dateTime(int(v))
	}
	o.Effective, _ = d.effective(at)
	if !o.Effective.Start.IsZero() {
		o.Authored = o.Effective.Start
	}
	if v := at[nDosage]; v > 0 {
		o.Dosages = d.dosages(int(v))
	}
}

func (d *decoder) orderDrug(o *facts.Order) {
	coded, ref := int(d.at[nMedicationCodeableConcept]), int(d.at[nMedicationReference])
	switch {
	case coded > 0 && ref > 0: // neither is believed
		d.unread(max(coded, ref), "a second medication[x]")
	case coded > 0:
		o.Drug = d.drug(d.concept(coded))
	case ref > 0:
		d.orderReference(ref, o)
	default:
		o.NoMedication = true
	}
	for _, n := range [...]name{nUnderMedicationCodeableConcept, nUnderMedicationReference} {
		if v := d.at[n]; v > 0 && o.NoMedication {
			o.Drug.Absent = d.absence(int(v)) != ""
			o.NoMedication = !o.Drug.Absent
		}
	}
}

// orderReference reads medicationReference, into the drug if the Medication is contained.
func (d *decoder) orderReference(v int, o *facts.Order) {
	r := d.reference(v)
	if r.local {
		if got, ok := d.containedDrug(string(r.ref[1:]), 0); ok {
			o.Drug = got
			return
		}
	}
	o.MedicationRef = r.ref
	if r.badID {
		o.MedicationRef = unfollowed
	}
	if r.display != "" {
		o.Drug.Names = d.strings.take([]string{r.display})
	}
}

// unfollowed stands for a reference to a resource that cannot exist: it never resolves.
const unfollowed facts.Ref = "#"

func (d *decoder) drug(c concept) facts.Drug {
	f := d.fact(c)
	return facts.Drug{Codings: f.Codings, Names: f.Texts, Absent: c.absent != ""}
}

// reasonRefs reads reasonReference. A contained Condition gives its reason right here.
func (d *decoder) reasonRefs(v int, o *facts.Order) {
	d.items(v, func(v int) {
		r := d.reference(v)
		switch {
		case r.local:
			if c, ok := d.containedReason(string(r.ref[1:])); ok {
				o.Reasons = append(o.Reasons, d.fact(c))
			}
		case r.ref != "":
			o.ReasonRefs = append(o.ReasonRefs, r.ref)
		}
		if r.display != "" {
			o.Reasons = append(o.Reasons, facts.Concept{Texts: []string{r.display}})
		}
	})
}

// orderStatus reads the status of an order (hl7.org/fhir/R4/valueset-medicationrequest-status.html,
// -medicationdispense-status.html, -medication-statement-status.html); withdrawn is
// entered-in-error.
func (d *decoder) orderStatus(k kind, v uint32) (s facts.OrderStatus, withdrawn bool) {
	if v == 0 {
		return facts.StatusUnknown, false
	}
	mark := d.mark()
	code := d.word(int(v))
	switch string(code) {
	case "entered-in-error":
		return facts.StatusUnknown, true
	case "unknown":
		return facts.StatusUnknown, false
	case "completed":
		return facts.StatusCompleted, false
	case "on-hold":
		return facts.StatusOnHold, false
	case "stopped":
		return facts.StatusStopped, false
	}
	s, ok := orderStatuses[k-kindRequest][string(code)]
	if !ok {
		d.unknownCode(mark, v, "not a FHIR R4 status")
	}
	return s, false
}

// orderStatuses are those not shared by all three resources.
var orderStatuses = [...]map[string]facts.OrderStatus{
	{"active": facts.StatusActive, "draft": facts.StatusDraft, "cancelled": facts.StatusCancelled},
	{"preparation": facts.StatusInProgress, "in-progress": facts.StatusInProgress, "cancelled": facts.StatusCancelled,
		"declined": facts.StatusCancelled},
	{"active": facts.StatusActive, "intended": facts.StatusDraft, "not-taken": facts.StatusNotTaken},
}

// intent reads MedicationRequest.intent (hl7.org/fhir/R4/valueset-medicationrequest-intent.html).
func (d *decoder) intent(k kind, v uint32) facts.Intent {
	if v == 0 || k != kindRequest {
		return facts.IntentOrder
	}
	mark := d.mark()
	switch string(d.word(int(v))) {
	case "order", "original-order", "reflex-order", "filler-order", "instance-order":
		return facts.IntentOrder
	case "proposal":
		return facts.IntentProposal
	case "plan":
		return facts.IntentPlan
	case "option":
		return facts.IntentOption
	}
	d.unknownCode(mark, v, "not a FHIR R4 intent")
	return facts.IntentOrder
}

func (d *decoder) medication(f *facts.Fact) {
	if v := d.at[nStatus]; v > 0 {
		mark := d.mark()
		switch string(d.word(int(v))) {
		case "active", "inactive":
		case "entered-in-error":
			f.Kind, f.Mark = facts.KindMark, facts.MarkEnteredInError
			return
		default:
			d.unknownCode(mark, v, "not a FHIR R4 status")
		}
	}
	m := d.product(&d.at, 0)
	f.Kind, f.Medication = facts.KindMedication, &m
}

// forms are Medication.form as codings: a text is a coding with only a display.
func forms(c concept) (list []codes.Coding) {
	list = append(list, c.codings...)
	for _, t := range c.texts {
		list = append(list, codes.Coding{Display: t})
	}
	return list
}
