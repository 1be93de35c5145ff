package tenancy

import (
	"errors"
	"testing"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct {
		kind    verbKind
		refused string
	}{
		"SELECT 1": {verbData, ""}, "select 1": {verbData, ""}, " \n(SELECT 1)": {verbData, ""}, "WITH x AS (SELECT 1) SELECT 1": {verbData, ""},
		"insert into a values (1)": {verbData, ""}, "UPDATE a SET b = 1": {verbData, ""}, "DELETE FROM a": {verbData, ""}, "VALUES (1)": {verbData, ""},
		"-- COMMIT\nSELECT 1": {verbData, ""}, "/* a /* b */ c */ SELECT 1": {verbData, ""}, "MERGE INTO a USING b": {verbData, ""},
		"": {verbOther, ""}, "-- nothing": {verbOther, ""}, "/* open": {verbOther, ""}, "selection": {verbOther, ""}, "DO $$ $$": {verbOther, ""},
		"SAVEPOINT a": {verbOther, ""}, "RELEASE a": {verbOther, ""}, "CREATE TABLE a ()": {verbOther, ""}, "LOCK a": {verbOther, ""},
		"ROLLBACK TO a": {verbOther, ""}, "rollback work to savepoint a": {verbOther, ""}, "ROLLBACK TRANSACTION TO a": {verbOther, ""},
		"ROLLBACK": {verbOther, "ROLLBACK"}, "rollback;": {verbOther, "ROLLBACK"}, "ROLLBACK AND CHAIN": {verbOther, "ROLLBACK"},
		"BEGIN": {verbOther, "BEGIN"}, "START TRANSACTION": {verbOther, "START"}, "commit": {verbOther, "COMMIT"}, "END": {verbOther, "END"},
		";COMMIT": {verbOther, "COMMIT"}, "/**/ Abort": {verbOther, "ABORT"}, "PREPARE TRANSACTION 'a'": {verbOther, "PREPARE"},
		"DEALLOCATE ALL": {verbOther, "DEALLOCATE"}, "DISCARD ALL": {verbOther, "DISCARD"}, "RESET ALL": {verbOther, "RESET"},
		"COPY a TO STDOUT": {verbOther, "COPY"}, "LISTEN a": {verbOther, "LISTEN"}, "UNLISTEN *": {verbOther, "UNLISTEN"},
		"SET a = 1": {verbOther, "SET"}, "SET SESSION a = 1": {verbOther, "SET"}, "SET ROLE a": {verbOther, "SET"}, "set app.tenant_id = '2'": {verbOther, "SET"},
		"SET LOCAL lock_timeout = 1": {verbOther, ""}, "SET CONSTRAINTS ALL DEFERRED": {verbOther, ""}, "SET TRANSACTION READ ONLY": {verbOther, ""},
		"SET LOCAL app.tenant_id = '2'": {verbOther, "SET LOCAL APP"}, `set /**/ local "app".tenant_id to 2`: {verbOther, "SET LOCAL APP"},
		"SET LOCAL ROLE a": {verbOther, "SET LOCAL ROLE"}, "SET LOCAL SESSION AUTHORIZATION a": {verbOther, "SET LOCAL SESSION"},
	} {
		kind, err := classify(sql)
		var refused *RefusedError
		verb := ""
		if errors.As(err, &refused) {
			verb = refused.Verb
		}
		if kind != want.kind || verb != want.refused {
			t.Errorf("%q is %d and refused as %q, want %+v", sql, kind, verb, want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("/* /* */ */ ROLLBACK TO x")
	f.Add("SET LOCAL \"app")
	f.Fuzz(func(t *testing.T, sql string) {
		if kind, err := classify(sql); kind == verbData && err != nil {
			t.Errorf("%q is both data and refused", sql)
		}
	})
}
