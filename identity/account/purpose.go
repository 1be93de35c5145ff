package account

// Purpose is what a one-time token is good for. A token of one purpose is never taken for another's.
type Purpose string

// Purposes of one-time tokens. Their texts go to people by mail, except that of a sign-in, which goes to the program
// that has sent the right password.
const (
	Invitation    Purpose = "INVITATION"     // a new user chooses their first password
	PasswordReset Purpose = "PASSWORD_RESET" // somebody who forgot theirs chooses another
	SecondFactor  Purpose = "SECOND_FACTOR"  // a sign-in whose password was right waits for its code
)

// Values lists the purposes for the table's CHECK.
func (Purpose) Values() []string {
	return []string{string(Invitation), string(PasswordReset), string(SecondFactor)}
}

// MailState is how far a mail has come.
type MailState string

// States of a mail.
const (
	MailWaiting MailState = "WAITING" // will be tried
	MailSent    MailState = "SENT"    // a mail server has taken it
	MailDead    MailState = "DEAD"    // given up, or overtaken by another
)

// Values lists the states for the table's CHECK.
func (MailState) Values() []string {
	return []string{string(MailWaiting), string(MailSent), string(MailDead)}
}
