package password_test

import (
	"context"
	"strings"
	"testing"

	"heyue/identity/password"
	"heyue/platform/fault"
)

// cheap keeps the tests quick; the default cost has a test of its own.
var cheap = password.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestHashVerifies(t *testing.T) {
	t.Parallel()
	h := password.New(password.DefaultCost(), 1)
	stored, err := h.Hash(t.Context(), "correct horse 电池")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q is not at the default cost", stored)
	}
	for given, want := range map[string]bool{
		"correct horse 电池": true, "correct horse 电": false, "Correct horse 电池": false, "": false, "correct horse 电池 ": false,
	} {
		if got, err := h.Verify(t.Context(), stored, given); got != want || err != nil {
			t.Errorf("Verify(%q) = %v, %v; want %v", given, got, err, want)
		}
	}
	again, _ := h.Hash(t.Context(), "correct horse 电池")
	if again == stored {
		t.Error("two hashes share a salt")
	}
	if h.NeedsRehash(stored) || !password.New(cheap, 1).NeedsRehash(stored) {
		t.Error("NeedsRehash must be true exactly when the cost differs")
	}
}

// The hash is one of the test vectors that the reference implementation ships (phc-winner-argon2, src/test.c).
func TestReferenceVector(t *testing.T) {
	t.Parallel()
	const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := password.New(cheap, 1)
	if ok, err := h.Verify(t.Context(), stored, "password"); !ok || err != nil {
		t.Fatalf("Verify = %v, %v", ok, err)
	}
}

func TestWaysToTypeOnePassword(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	stored, err := h.Hash(t.Context(), "caf\u00e9 ABC123")
	if err != nil {
		t.Fatal(err)
	}
	for name, typed := range map[string]string{"combining accent": "cafe\u0301 ABC123", "full width": "caf\u00e9 ＡＢＣ１２３"} {
		if ok, err := h.Verify(t.Context(), stored, typed); !ok || err != nil {
			t.Errorf("%s: Verify = %v, %v", name, ok, err)
		}
	}
}

func TestDamagedHashIsAnErrorNotAWrongPassword(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	good, err := h.Hash(t.Context(), "whatever it is")
	if err != nil {
		t.Fatal(err)
	}
	for name, stored := range map[string]string{
		"empty":          "",
		"bcrypt":         "$2a$12$abcdefghijklmnopqrstuv",
		"argon2i":        strings.Replace(good, "argon2id", "argon2i", 1),
		"version":        strings.Replace(good, "v=19", "v=16", 1),
		"cut":            good[:len(good)-10],
		"padded":         good + "=",
		"plus sign":      strings.Replace(good, "m=64", "m=+64", 1),
		"leading zero":   strings.Replace(good, "t=1", "t=01", 1),
		"extra":          strings.Replace(good, "p=1", "p=1,x=1", 1),
		"line break":     good + "\n",
		"no passes":      strings.Replace(good, "t=1", "t=0", 1),
		"no lanes":       strings.Replace(good, "p=1", "p=0", 1),
		"too little":     strings.Replace(good, "m=64", "m=7", 1),
		"too much":       strings.Replace(good, "m=64", "m=4194304", 1),
		"too long":       strings.Replace(good, "t=1", "t=4294967295", 1),
		"too many lanes": strings.Replace(good, "p=1", "p=255", 1),
	} {
		ok, err := h.Verify(t.Context(), stored, "whatever it is")
		if ok || fault.KindOf(err) != fault.Internal || err == nil {
			t.Errorf("%s: Verify = %v, %v; want an internal fault", name, ok, err)
		}
		if err != nil && len(stored) > 20 && strings.Contains(err.Error(), stored[len(stored)-12:]) {
			t.Errorf("%s: the error repeats the hash: %v", name, err)
		}
		if !h.NeedsRehash(stored) {
			t.Errorf("%s: NeedsRehash = false", name)
		}
	}
}

func TestSlotsAreBounded(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release := h.HoldSlot(t.Context())
	for name, try := range map[string]func() error{
		"hash": func() error { _, err := h.Hash(ctx, "x"); return err },
		"verify": func() error {
			_, err := h.Verify(ctx, "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "x")
			return err
		},
		"burn": func() error { return h.Burn(ctx, "x") },
	} {
		err := try()
		if all := fault.All(err); len(all) != 1 || all[0].Kind != fault.Unavailable || all[0].RetryAfter <= 0 {
			t.Errorf("%s with no slot free: %v; want UNAVAILABLE with a time to retry", name, err)
		}
	}
	release()
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("after release: %v", err)
	}
}

func BenchmarkHashDefaultCost(b *testing.B) {
	h := password.New(password.DefaultCost(), 1)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse battery"); err != nil {
			b.Fatal(err)
		}
	}
}
