// Package shipped holds the dictionary entries that a new tenant begins with (A4). They are copied into the tenant's
// own dictionary, where they may be renamed, reordered, switched off and added to; their codes never change, so
// imports, reports and integrations can rely on them across tenants. Entries may be added here, never removed or
// given another code.
package shipped

// List is the key of a dictionary.
type List string

// The shipped dictionaries.
const (
	CustomerSource   List = "CUSTOMER_SOURCE"   // 客户来源 (B1)
	CustomerCategory List = "CUSTOMER_CATEGORY" // 客户类别 (B1)
	SalesMode        List = "SALES_MODE"        // 销售方式 (B1)
	Industry         List = "INDUSTRY"          // 行业属性 (B1): sections of GB/T 4754-2017
	Ownership        List = "OWNERSHIP"         // 企业性质 (B1)
	Region           List = "REGION"            // 地区 (B1): province-level divisions of GB/T 2260
	ServiceType      List = "SERVICE_TYPE"      // 服务类型 (D1, D2)
	PaymentPurpose   List = "PAYMENT_PURPOSE"   // what a plan line is for (H1, H4)
	DocumentType     List = "DOCUMENT_TYPE"     // what a file of a contract is (L1)
)

// Lists returns the keys of all shipped dictionaries.
func Lists() []List {
	return []List{
		CustomerSource, CustomerCategory, SalesMode, Industry, Ownership, Region, ServiceType, PaymentPurpose, DocumentType,
	}
}

// Values returns all keys as text.
func (List) Values() []string {
	s := make([]string, len(Lists()))
	for i, l := range Lists() {
		s[i] = string(l)
	}
	return s
}

// Entry is one choice of a dictionary.
type Entry struct {
	List   List
	Code   string // stable, unique in its list: capital letters, digits and _
	ZH, EN string // labels
	Order  int    // position in its list, from 10 in tens so that a tenant can insert between two
	Active bool   // offered for new records
}

// row is an entry as it is written down below: code, Chinese label, English label.
type row [3]string

// Entries returns all entries of a list in their order, nil for an unknown list.
func Entries(l List) []Entry {
	rows := rowsOf(l)
	entries := make([]Entry, 0, len(rows))
	for i, r := range rows {
		entries = append(entries, Entry{List: l, Code: r[0], ZH: r[1], EN: r[2], Order: (i + 1) * 10, Active: true})
	}
	if len(entries) == 0 {
		return nil
	}
	return entries
}

// All returns all entries of all lists.
func All() []Entry {
	var entries []Entry
	for _, l := range Lists() {
		entries = append(entries, Entries(l)...)
	}
	return entries
}

func rowsOf(l List) []row {
	switch l {
	case CustomerSource:
		return customerSources()
	case CustomerCategory:
		return customerCategories()
	case SalesMode:
		return salesModes()
	case Industry:
		return industries()
	case Ownership:
		return ownerships()
	case Region:
		return regions()
	case ServiceType:
		return serviceTypes()
	case PaymentPurpose:
		return paymentPurposes()
	case DocumentType:
		return documentTypes()
	default:
		return nil
	}
}
