package transport_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that no test of this package leaves a goroutine behind: no reader, keeper, operation,
// stream or timer.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
