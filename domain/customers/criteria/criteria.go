// Package criteria holds what customers can be selected by. It is apart from the customers' use cases so that the
// filters of other nouns can reach through to their customer: the contacts of a named customer, the service records
// of a region's customers.
package criteria

import (
	"heyue/domain/customers/profile"
	"heyue/platform/listing"
	"heyue/platform/publicid"
)

// Filter selects customers by every key of B1 (K3). In a list of customers archived ones are left out without
// Archived; reached through another noun's filter, they count.
type Filter struct {
	And []*Filter
	Or  []*Filter
	Not *Filter

	Kind         []profile.Kind          `column:"kind"`
	Name         *listing.Text           `column:"name"`
	Code         *listing.Text           `column:"code"`
	ShortName    *listing.Text           `column:"short_name"`
	Region       []string                `column:"region"`
	Address      *listing.Text           `column:"address"`
	Source       []string                `column:"source"`
	Category     []string                `column:"category"`
	SalesMode    []string                `column:"sales_mode"`
	Industry     []string                `column:"industry"`
	Ownership    []string                `column:"ownership"`
	Description  *listing.Text           `column:"description"`
	CreditCode   *listing.Text           `column:"credit_code"`
	Grade        []profile.Grade         `column:"grade"`
	OwnerID      []publicid.UserID       `column:"owner_id"`
	DepartmentID []publicid.DepartmentID `column:"department_id"`
	Archived     *bool                   `filter:"archived"`
	Custom       []*listing.Custom       `custom:"CUSTOMER"`
}
