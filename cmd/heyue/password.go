package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
)

// secretSource says where a new password comes from.
type secretSource struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input. Without this one is made and printed, once."`
}

// password returns the password and whether it was made up and has to be told.
func (s secretSource) password(c *call) (text string, made bool, err error) {
	if !s.PasswordStdin {
		return invent(), true, nil
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if text = strings.TrimRight(line, "\r\n"); text == "" {
		return "", false, errors.New("the first line of standard input is empty; it should be the password")
	}
	return text, false, nil
}

// invent makes a password of 20 letters and digits that are not mistaken for each other, in groups: 99 bits.
func invent() string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz" // 31
	var b strings.Builder
	for i := range 20 {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[draw(len(letters))])
	}
	return b.String()
}

// draw gives a number below n, each as likely.
func draw(n int) int {
	var one [1]byte
	for {
		_, _ = rand.Read(one[:]) // never fails
		if limit := 256 - 256%n; int(one[0]) < limit {
			return int(one[0]) % n
		}
	}
}
