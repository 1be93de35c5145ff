// Package profile holds what can be said of a customer without looking at any other row: the closed lists a
// customer record draws on and the check of a Chinese company's registration code. Lists that tenants extend
// (source, category, industry …) are dictionary entries, not types.
package profile

import (
	"slices"

	"heyue/platform/enum"
)

// Kind tells companies from people (B1, B2).
type Kind string

// The kinds of customer.
const (
	Company Kind = "COMPANY" // has contacts, a credit code, an industry
	Person  Kind = "PERSON"  // a consumer or member; is their own contact
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Company, Person} }

// Values returns all kinds as text, for the entity schema.
func (Kind) Values() []string { return enum.Texts(Kinds()) }

// Valid reports whether k is a known kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Grade is a customer's worth to the tenant, so that time goes to those who bring it in (B10). A is best.
type Grade string

// The grades.
const (
	GradeA   Grade = "A"
	GradeB   Grade = "B"
	GradeC   Grade = "C"
	GradeD   Grade = "D"
	Ungraded Grade = "UNGRADED" // nobody has judged yet; not the same as D
)

// Grades returns all grades, best first and not yet judged last.
func Grades() []Grade { return []Grade{GradeA, GradeB, GradeC, GradeD, Ungraded} }

// Values returns all grades as text, for the entity schema.
func (Grade) Values() []string { return enum.Texts(Grades()) }

// Valid reports whether g is a known grade.
func (g Grade) Valid() bool { return slices.Contains(Grades(), g) }

// Stage is how far a customer has come between first interest and repeat business (B11, C1).
type Stage string

// The stages of a customer.
const (
	Prospect    Stage = "PROSPECT"    // 潜在客户: might buy
	Opportunity Stage = "OPPORTUNITY" // 商机客户: wants something definite
	Project     Stage = "PROJECT"     // 项目客户: work towards a contract is under way
	Client      Stage = "CLIENT"      // 订单用户: has or had a contract
	Lost        Stage = "LOST"        // went elsewhere; may come back (B13)
)

// Stages returns all stages in the order of the chain.
func Stages() []Stage { return []Stage{Prospect, Opportunity, Project, Client, Lost} }

// Values returns all stages as text, for the entity schema.
func (Stage) Values() []string { return enum.Texts(Stages()) }

// Valid reports whether s is a known stage.
func (s Stage) Valid() bool { return slices.Contains(Stages(), s) }

// Gender is a contact's gender as far as the contact cares to tell (K4, K5).
type Gender string

// The genders that can be recorded.
const (
	Female      Gender = "FEMALE"
	Male        Gender = "MALE"
	OtherGender Gender = "OTHER"
	Unstated    Gender = "UNSTATED"
)

// Genders returns all genders that can be recorded.
func Genders() []Gender { return []Gender{Female, Male, OtherGender, Unstated} }

// Values returns all genders as text, for the entity schema.
func (Gender) Values() []string { return enum.Texts(Genders()) }

// Valid reports whether g is a known gender.
func (g Gender) Valid() bool { return slices.Contains(Genders(), g) }
