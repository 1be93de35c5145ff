package mutants

func ofTheVault() []guard {
	return []guard{
		{
			Name: "a sealed text opens in its row only", File: "tenancy/vault/keys.go", Package: "./tenancy/vault", Test: "TestATextOpensInItsPlaceOnly", Everytime: true,
			Old: "return append(append(b, '|'), row.String()...)", New: "return append(b, '|')",
		},
		{
			Name: "what ent writes is sealed", File: "tenancy/vault/guard.go", Package: "./tenancy/vault", Test: "TestTheDatabaseHoldsNoSealedText",
			Old: "if err := m.SetField(s.Column, sealed); err != nil || s.Blind == \"\" {", New: "if err := m.SetField(s.Column, plain+sealed[:0]); err != nil || s.Blind == \"\" {",
		},
		{
			Name: "the audit trail repeats no sealed text", File: "tenancy/vault/guard.go", Package: "./tenancy/vault", Test: "TestTheDatabaseHoldsNoSealedText",
			Old: "if a, ok := m.(*ent.AuditEntryMutation); ok {", New: "if a, ok := m.(*ent.AuditEntryMutation); ok && a == nil {",
		},
		{
			Name: "keys are wrapped for their tenant", File: "tenancy/vault/keys.go", Package: "./tenancy/vault", Test: "TestNewOuterKey",
			Old: "return []byte(strconv.FormatInt(tenant, 10) + \"|tenant_keys|\" + what)", New: "return []byte(strconv.FormatInt(tenant*0, 10) + \"|tenant_keys|\" + what)",
		},
		{
			Name: "a part of an archive is what the manifest says", File: "tenancy/archive/import.go", Package: "./tests/isolation", Test: "TestABadArchiveChangesNothing",
			Old: "got != p.SHA256", New: "got == \"\"",
		},
	}
}
