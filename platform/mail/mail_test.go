package mail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heyue/platform/mail"
	"heyue/platform/mail/mailtest"
)

func message() mail.Message {
	return mail.Message{
		ID: "mai_1", To: "li@example.com", Name: "李伟", Subject: "您好", Text: "第一行\n.点\n", HTML: "<p>第一行</p>", At: time.Date(2026, 6, 15, 1, 0, 0, 0, time.UTC),
	}
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	sink := mailtest.New(t)
	s, err := mail.NewSMTP(sink.URL, "heyue <no-reply@heyue.example>", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	got := sink.Mails()
	if len(got) != 1 || got[0].To != "li@example.com" || got[0].Subject != "您好" || got[0].ID != "<mai_1@heyue.example>" ||
		strings.ReplaceAll(got[0].Text, "\r\n", "\n") != "第一行\n.点\n" || !strings.Contains(got[0].HTML, "<p>第一行</p>") || !strings.Contains(got[0].Raw, "Auto-Submitted: auto-generated") {
		t.Errorf("arrived: %+v", got)
	}
}

func TestAServerThatRefuses(t *testing.T) {
	t.Parallel()
	sink := mailtest.New(t)
	s, err := mail.NewSMTP(sink.URL, "no-reply@heyue.example", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sink.Answer("451 later", "550 never")
	for _, permanent := range []bool{false, true} {
		err := s.Send(t.Context(), message())
		if err == nil || mail.Permanent(err) != permanent || (mail.Reply(err) == 550) != permanent {
			t.Errorf("want an error that is permanent: %t; got %v, reply %d", permanent, err, mail.Reply(err))
		}
	}
	gone, err := mail.NewSMTP("smtp+plain://127.0.0.1:1", "no-reply@heyue.example", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Send(t.Context(), message()); err == nil || mail.Permanent(err) {
		t.Errorf("a server that is down: %v", err)
	}
	bad := message()
	bad.To = "nobody"
	if err := s.Send(t.Context(), bad); !mail.Permanent(err) {
		t.Errorf("no address: %v", err)
	}
}

// TestEncryptionIsInsistedOn: a server that offers none gets nothing by smtp://.
func TestEncryptionIsInsistedOn(t *testing.T) {
	t.Parallel()
	sink := mailtest.New(t)
	s, err := mail.NewSMTP(strings.Replace(sink.URL, "smtp+plain", "smtp", 1), "no-reply@heyue.example", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), message()); err == nil || len(sink.Mails()) != 0 {
		t.Errorf("sent in the clear: %v", err)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mails")
	f, err := mail.NewFolder(dir, "no-reply@heyue.example")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again is the same mail
		if err := f.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "mai_1.eml" {
		t.Fatalf("the folder has %v, %v", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}
