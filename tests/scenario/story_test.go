package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"heyue/tests/stage"
)

// TestStories plays the pages of docs/stories, so that what people read there is what happens.
func TestStories(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/stories/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			script, err := ParseStory(src)
			if err != nil {
				t.Fatal(err)
			}
			s := stage.New(t, "HEYUE_CALENDAR_POLL", "20ms", "HEYUE_REMINDER_POLL", "20ms", "HEYUE_EVENT_POLL", "20ms")
			script.play(t, newCast(t, s))
		})
	}
}

func TestStoriesAreReadFromPages(t *testing.T) {
	t.Parallel()
	page := "# 故事\n\n说明。\n\n## 一\n\n```graphql sales\n{ a }\n```\n\n```json\n{}\n```\n## 二\n```text clock\n2026-07-01T09:00:00+08:00\n```\n" +
		"```graphql admin eventually\n{ b }\n```\n```json\n[]\n```\n"
	got, err := ParseStory([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	want := Script{About: "故事", Steps: []Step{
		{Caller: "sales", Title: "一", Document: "{ a }\n", Want: "{}\n"},
		{Title: "二", Clock: time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC)},
		{Caller: "admin", Title: "二", Document: "{ b }\n", Want: "[]\n", Patient: true},
	}}
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
	for name, bad := range map[string]string{
		"no answer": "```graphql sales\n{ a }\n```\n", "no request": "```json\n{}\n```\n", "no end": "```graphql sales\n", "no caller": "```graphql\n{ a }\n```\n",
		"no instant": "```text clock\n昨天\n```\n", "two answers": "```graphql a\n{ a }\n```\n```json\n{}\n```\n```json\n{}\n```\n",
	} {
		if _, err := ParseStory([]byte(bad)); err == nil {
			t.Errorf("%s: nothing was wrong", name)
		}
	}
}
