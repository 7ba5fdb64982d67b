def codes($x): [.coding[]?.code] | any(. as $c | $x | index($c));
[.entry[].resource] as $r
| [ any($r[] | select(.resourceType == "Condition"); .code | codes(["32914008", "15777000"])),
    ([$r[] | select(.resourceType == "MedicationRequest" and .status == "active" and (.medicationCodeableConcept // {} | codes(["312938", "316049"])))] | length),
    ([$r[] | select(.resourceType == "Observation" and .status == "final" and (.code | codes(["2276-4", "38483-4"])))] | sort_by(.effectiveDateTime) | last | .valueQuantity.value) ]
