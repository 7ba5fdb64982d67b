package terms

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Medication texts as written in different places.
func TestTexts(t *testing.T) {
	for _, c := range []struct{ text, want, systemic string }{
		// United States
		{"Lexapro 10mg", "escitalopram 10", "unknown"},
		{"Tylenol PM Pill", "diphenhydramine", "yes"},
		{"diphenhydrAMINE Hydrochloride 25 MG Oral Tablet", "diphenhydramine 25", "yes"},
		{"Seroquel XR 300 mg", "quetiapine 300", "unknown"},
		{"Acetaminophen/Hydrocodone", "hydrocodone", "unknown"},
		{"Percocet 5mg/325mg tablet", "oxycodone", "yes"},
		{"Gabapentin 250 mg/5 mL oral solution", "gabapentin 50/ml", "yes"},
		{"carbonyl iron 20 MG / pyridoxine 25 MG Oral Tablet", "carbonyl iron 20", "yes"},
		{"MST 600", "", "unknown"}, // magnesium salicylate; MST 60 is morphine
		{"Biorphen 10 mg/mL injection", "orphenadrine 10/ml (?)", "yes"},
		{"Horizant 600 mg ER", "gabapentin enacarbil 600", "unknown"},
		{"fentanyl 25mcg/hour Patch", "fentanyl 0.025/1 h", "yes"},
		{"Ferrous sulfate 325 mg (65 mg iron) tablet", "ferrous sulfate 325", "yes"},
		{"Iron (ferrous gluconate) 240 mg", "ferrous gluconate 240", "unknown"},
		{"olanzapine and fluoxetine", "olanzapine + fluoxetine", "unknown"},
		{"amitriptyline/perphenazine", "amitriptyline + perphenazine", "unknown"},
		{"Doxepin 5% cream", "doxepin", "low_absorbed"},
		{"Benadryl Itch Stopping Gel", "diphenhydramine", "no"},
		{"azelastine nasal spray", "azelastine", "no"},
		{"Butorphanol nasal spray 10 mg/mL", "butorphanol 10/ml", "yes"},
		{"Zaditor", "ketotifen", "no"},
		// United Kingdom
		{"Citalopram (as hydrobromide) 20mg tablets", "citalopram 20", "yes"},
		{"Pregabalin 75mg capsules", "pregabalin 75", "yes"},
		{"Co-codamol 30mg/500mg tablets", "codeine", "yes"},
		{"Risperidone 500microgram tablets", "risperidone 0.5", "yes"},
		{"Prochlorperazine 3mg buccal tablets", "prochlorperazine 3", "yes"},
		{"Priadel 200mg modified-release tablets", "lithium 200", "yes"},
		// Germany
		{"Amitriptylin-neuraxpharm 25 mg", "amitriptyline 25", "unknown"},
		{"GABAPENTIN STADA 600 mg Filmtabletten (100 Stk)", "gabapentin 600", "yes"},
		{"Venlafaxin - 1 A Pharma® 75mg 100 Tabl. N3", "venlafaxine 75", "yes"},
		{"Fenistil Gel", "dimetindene", "no"},
		{"Tavor 2,5 mg", "lorazepam 2.5", "unknown"},
		{"Metoclopramid Nasenspray", "metoclopramide", "yes"},
		{"Ketotifen Augentropfen", "ketotifen", "no"},
		{"Domperidon AL 10 mg", "domperidone 10", "unknown"},
		// France
		{"Prégabaline 150 mg, gélule", "pregabalin 150", "yes"},
		{"Pregabaline 150 mg", "pregabalin 150", "unknown"},
		{"Pre\u0301gabaline 150 mg", "pregabalin 150", "unknown"}, // decomposed
		{"LAROXYL 40 mg/ml gouttes buvables", "amitriptyline 40/ml", "yes"},
		{"Neupro 2 mg/24 h dispositif transdermique", "rotigotine 2/24 h", "yes"},
		{"Kétotifène collyre", "ketotifen", "no"},
		// Italy, Spain, Portugal
		{"Quetiapina 100 mg compresse", "quetiapine 100", "yes"},
		{"Escitalopram Cinfa 10 mg comprimidos recubiertos", "escitalopram 10", "yes"},
		{"Gabapentina 300 mg cápsulas duras EFG", "gabapentin 300", "yes"},
		{"Difenhidramina pomada", "diphenhydramine", "no"},
		{"Cetirizina colirio", "cetirizine", "no"},
		// Nordic countries
		{"Sifrol 0,088 mg tabletter", "pramipexole 0.088", "yes"},
		{"Cipralex 10 mg filmovertrukne tabletter", "escitalopram 10", "yes"},
		{"Järnsulfat", "ferrous sulfate", "unknown"},
		{"Lyrica 150 mg kapslar", "pregabalin 150", "yes"},
		// Japan
		{"プレガバリンOD錠75mg「サワイ」", "pregabalin 75", "yes"},
		{"ﾌﾟﾚｶﾞﾊﾞﾘﾝ錠７５ｍｇ", "pregabalin 75", "yes"}, // half and full width
		{"リリカカプセル75mg", "pregabalin 75", "yes"},
		{"クエチアピンフマル酸塩錠25mg", "quetiapine 25", "yes"},
		{"レスタミンコーワクリーム1%", "diphenhydramine", "no"},
		{"ザジテン点眼液0.05%", "ketotifen", "no"},
		{"ニュープロパッチ2.25mg", "rotigotine 2.25", "yes"},
		{"コデインリン酸塩散1%", "codeine", "yes"},
		// Ligatures of typeset sources
		{"ﬂuoxetine 20 mg", "fluoxetine 20", "unknown"},
		{"Diﬂucan 150 mg", "", "unknown"},
		// Names that are not used for one drug everywhere
		{"Postafen 25 mg", "meclizine 25", "unknown"},
		{"Sominex", "promethazine", "unknown"},
		{"Sominex (diphenhydramine) 25 mg", "diphenhydramine 25", "unknown"},
		{"MCP-ratiopharm 10 mg Tabletten", "metoclopramide 10", "yes"},
		{"Serenase 1 mg", "haloperidol 1 (?)", "unknown"}, // lorazepam in Belgium
		{"Nausicalm", "dimenhydrinate", "unknown"},        // cyclizine in New Zealand
		// Brands of several countries
		{"Gravol 50 mg", "dimenhydrinate 50", "unknown"},
		{"Endone 5 mg tablet", "oxycodone 5", "yes"},
		{"Aropax 20 mg", "paroxetine 20", "unknown"},
		{"Cerucal 10 mg tabletki", "metoclopramide 10", "yes"},
		{"Fiorinal-C 1/2", "butalbital + codeine", "unknown"},
		{"ベゲタミン-A配合錠", "chlorpromazine + promethazine + phenobarbital", "yes"},
		{"ZzzQuil Pure Zzzs", "", "unknown"}, // melatonin
		// Longest name first, each once
		{"gabapentin enacarbil 300 mg", "gabapentin enacarbil 300", "unknown"},
		{"lithium carbonate 300 mg", "lithium 300", "unknown"},
		{"Zoloft (sertraline) 50 mg", "sertraline 50", "unknown"},
		{"Levodopa + Benserazid 100/25", "benserazide + levodopa", "unknown"},
		// Umbrella brands, and brands of eye and nose products
		{"Fenistil Hydrocort Creme 0,5 %", "", "unknown"},
		{"Dramamine Non-Drowsy Ginger", "", "unknown"},
		{"Opatanol 1 mg/ml", "olopatadine 1/ml", "no"},
		{"Livostin", "levocabastine", "no"},
		{"ketotifen ophth soln", "ketotifen", "no"},
		{"Zonalon", "doxepin", "low_absorbed"},
		{"FLUISEDAL SANS PROMETHAZINE, sirop", "", "unknown"},
		{"EUPHON MENTHOL, pastille", "", "unknown"},
		{"BI CITROL, granulé en sachet-dose", "", "unknown"},
		{"Ketrel 25 mg", "quetiapine 25 (?)", "unknown"},
		{"Nexito Plus", "escitalopram + clonazepam", "unknown"},
		{"Tylenol #3", "codeine", "unknown"},
		{"HYDROCO/APAP TAB 5-325MG", "hydrocodone", "yes"},
		// Weak words of local forms beside a dose
		{"VENLAFAXINE LP 75 mg gél", "venlafaxine 75", "unknown"},
		{"DULOXETINE BGR 60MG GEL", "duloxetine 60", "unknown"},
		{"Hydroxyzine 25 mg for itchy skin", "hydroxyzine 25", "unknown"},
		{"Gabapentin 6% gel", "gabapentin", "no"},
		{"Fenistil Gel 30 g", "dimetindene 30000", "no"},
		{"Pheniramine eyes 3 mg/ml", "pheniramine 3/ml", "no"},
		{"Instanyl 50 microgram spray", "fentanyl 0.05", "yes"},
		{"Diphenhydramine spray", "diphenhydramine", "no"},
		// Salts in one word with the drug, and Latin genitives
		{"sertralinhydroklorid", "sertraline", "unknown"},
		{"Venlafaksiinihydrokloridi 75 mg", "venlafaxine 75", "unknown"},
		{"Lithiumkarbonat 42 mg", "lithium 42", "unknown"},
		{"Sertralini hydrochloridum", "sertraline", "unknown"},
		{"Natriumbromid", "", "unknown"},
		{"Zoloftsulfat", "", "unknown"},
		// Homeopathic remedies
		{"Opium 30 CH", "", "unknown"},
		{"Opium C30", "", "unknown"},
		{"Lithium carbonicum D6", "", "unknown"},
		{"Lithium carbonicum 250 mg D30", "lithium 250", "unknown"},
		{"Ferrum phosphoricum D3", "iron", "unknown"},
		{"Claritin D 24", "loratadine", "unknown"},
		// What is denied or absent
		{"Cough syrup without promethazine", "", "unknown"},
		{"no sertraline", "", "unknown"},
		{"not sertraline, citalopram 20 mg", "citalopram 20", "unknown"},
		{"Hustensaft ohne Codein", "", "unknown"},
		{"sirop sans codéine", "", "unknown"},
		{"cough syrup w/o codeine", "", "unknown"},
		{"Codeine-free linctus", "", "unknown"},
		{"Tylenol No. 3 with codeine", "codeine", "unknown"},
		// No drug of ours
		{"iron deficiency", "", "unknown"},
		{"Deferasirox iron chelator", "", "unknown"},
		{"lithium heparin tube", "", "unknown"},
		{"Hydroxychloroquine 200 mg", "", "unknown"},
		{"Opium D6 Globuli", "", "unknown"},
		{"Amlodipine 5 MG Oral Tablet", "", "unknown"},
		// Amounts that are not decided
		{"Gabapentin 1,000 mg", "gabapentin", "unknown"},
		{"Gabapentin 1.000 mg", "gabapentin", "unknown"},
		{"Pramipexole 0,125 mg", "pramipexole 0.125", "unknown"},
		{"Gabapentin 300 mg, 600 mg", "gabapentin", "unknown"},
		{"75 mg Pregabalin", "pregabalin 75", "unknown"},
		{"Pregabalin 0.15 g", "pregabalin 150", "unknown"},
	} {
		m := Embedded().Classify(nil, []string{c.text})
		if got := drugsIn(m); got != c.want || m.Systemic.String() != c.systemic {
			t.Errorf("%s: %q systemic %s, want %q %s", c.text, got, m.Systemic, c.want, c.systemic)
		}
	}
}

// Ordinary drugs and companies of the same places, none in our classes.
func TestOrdinaryDrugsAreNoneOfOurs(t *testing.T) {
	for _, text := range strings.Split(`metformin 500 mg|L-Thyroxin 75|levothyroxine 50 mcg|amlodipine|ramipril comp|bisoprolol|hydrochlorothiazid|torasemid|
		apixaban|Eliquis 5 mg|Marcumar|ASS 100|diclofenac gel|Voltaren Schmerzgel|paracetamol|Tylenol Extra Strength|Advil|Aleve|Excedrin Migraine|Novalgin|
		prednisolone|salbutamol|Symbicort|insulin glargine|Jardiance|allopurinol|methotrexate|amoxicillin|clotrimazole cream|latanoprost eye drops|timolol|
		tamsulosin|oxybutynin|mirabegron|vitamin D3|magnesium|senna|Movicol|loperamide|levetiracetam|lamotrigine|valproate|carbamazepine|topiramate|phenytoin|
		donepezil|memantine|melatonin|sumatriptan|propranolol|methylphenidate|atomoxetine|clonidine|perampanel|naltrexone|varenicline|nicotine patch|lidocaine patch|
		estradiol patch|testosterone gel|pseudoephedrine|Mucinex DM|dextromethorphan|Afrin nasal spray|mometasone nasal spray|benzonatate|benztropine|trihexyphenidyl|
		amantadine|rasagiline|entacapone|quinine|Doliprane 1000 mg|Kardegic 75|Spasfon|Levothyrox 75|Nolotil|Enantyum|Sintrom|Eutirox|Tachipirina 1000|Pantorc|
		Alvedon 500 mg|Panodil|Trombyl 75 mg|Levaxin 100 mikrogram|Waran|ワーファリン錠1mg|アムロジピン錠5mg|ロキソニン錠60mg|マグミット錠330mg|タケキャブ錠20mg|
		カロナール錠500|酸化マグネシウム錠|neuraxpharm|Sandoz|Teva|ratiopharm|Kern Pharma|Cinfa|Mylan|Krka|Orion|Stada|Hexal|Zentiva|Sawai|Nytol Herbal`, "|") {
		text = strings.TrimSpace(text)
		if m := Embedded().Classify(nil, []string{text}); len(m.Found) > 0 || !m.Identified {
			t.Errorf("%q: %s by %s, identified %t", text, drugsIn(m), m.Matched, m.Identified)
		}
	}
}

// A name is found whole or not at all: adjoining letters make another word.
func TestNamesAreWholeWords(t *testing.T) {
	names := []string{}
	for line := range data.Rows(data.Ingredients) {
		names = append(names, data.Field(line, 0))
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "name")
		tail := rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "tail")
		head := rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "head")
		for _, text := range []string{head + name, name + tail} {
			m := Embedded().Classify(nil, []string{text})
			for _, f := range m.Found {
				if m.Matched == phrase.Key(name) {
					t.Fatalf("%q means %s", text, f.Name)
				}
			}
		}
	})
}

// Case, accents, spacing and company names change nothing, except for words that are names only
// beside a product or company.
func TestWritingDoesNotMatter(t *testing.T) {
	plain := []string{}
	for line := range data.Rows(data.Names) {
		if data.Field(line, 0) < "~" && data.Field(line, 6) != names.NoDrug &&
			!strings.HasPrefix(data.Field(line, 5), "only_with_form") {
			plain = append(plain, data.Field(line, 1))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(plain).Draw(t, "name")
		want := drugsIn(Embedded().Classify(nil, []string{name}))
		for _, text := range []string{
			strings.ToUpper(name), "  " + name + " ", name + "-neuraxpharm", "Sandoz " + name, name + "®",
			"(" + name + ")",
		} {
			if got := drugsIn(Embedded().Classify(nil, []string{text})); got != want {
				t.Fatalf("%q: %q, want %q", text, got, want)
			}
		}
	})
}

func FuzzClassify(f *testing.F) {
	f.Add("Lexapro 10mg", codes.RxNorm, "36437")
	f.Add("ﾌﾟﾚｶﾞﾊﾞﾘﾝ錠７５ｍｇ", codes.ATC, "N06AB06")
	f.Add("no\xff sertraline 5/0 ml 1e9 mg/", "urn:oid:", "")
	f.Add("Gabapentin 0.000000000001 mg/99999999999999999999999 ml", codes.NDC, "1-2-3")
	f.Fuzz(func(t *testing.T, text, system, code string) {
		m := Embedded().Classify([]codes.Coding{{System: system, Code: code, Display: text}}, []string{text})
		for _, found := range m.Found {
			if found.Ingredient == nil {
				t.Fatal("an ingredient is missing")
			}
			if found.Strength != "" && !phrase.IsNumber(found.Strength) {
				t.Errorf("strength %q", found.Strength)
			}
		}
		if key := phrase.Key(text); utf8.ValidString(text) && len(text) < phrase.MaxText/2 && phrase.Key(key) != key {
			t.Errorf("the key of %q is %q, of that %q", text, key, phrase.Key(key))
		}
		conditions.NamesRLS(text)
		forms.Route([]codes.Coding{{System: system, Code: code, Display: text}}, []string{text})
		forms.Form([]codes.Coding{{System: system, Code: code, Display: text}})
		conditions.Find(codes.Coding{System: system, Code: code})
		codes.Canonical(system)
	})
}
