package settings

import (
	"bytes"
	"encoding/json"

	"heyue/domain/alerts/due"
	"heyue/domain/alerts/schedule"
)

// UnmarshalJSON reads stored settings over today's defaults: what the JSON does not mention, at any depth, is as
// Default has it, and so is what it sets to null. What it mentions is taken as it stands; Validate judges it.
func (s *Settings) UnmarshalJSON(b []byte) error {
	type plain Settings
	p := plain(Default())
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.AlertChannels == nil {
		p.AlertChannels = Default().AlertChannels
	}
	*s = Settings(p)
	return nil
}

// UnmarshalJSON reads the ladders it is given over the ones that are there, field by field.
func (l *Ladders) UnmarshalJSON(b []byte) error {
	var stored map[due.Kind]json.RawMessage
	if err := json.Unmarshal(b, &stored); err != nil {
		return err
	}
	merged := defaultLadders()
	for k, raw := range stored {
		ladder, ok := merged[k]
		if !ok {
			ladder = schedule.Default()
		}
		if err := json.Unmarshal(raw, &ladder); err != nil {
			return err
		}
		if ladder.Before == nil {
			ladder.Before = schedule.Default().Before
		}
		merged[k] = ladder
	}
	*l = merged
	return nil
}

// UnmarshalJSON reads the rules and makes an empty set of null.
func (b *ByKind) UnmarshalJSON(text []byte) error {
	type plain ByKind
	p := plain{}
	if !bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		if err := json.Unmarshal(text, &p); err != nil {
			return err
		}
	}
	*b = ByKind(p)
	return nil
}
