package demo

import (
	"fmt"
	"strings"

	"heyue/domain/customers/profile"
	"heyue/ent"
	"heyue/platform/publicid"
)

// city is where a customer lives, with the code of its province in the dictionary of regions and of its division in
// credit codes. Streets and districts are made up.
type city struct{ name, region, division string }

func cities() []city {
	return []city{
		{"济南市", "370000", "370100"}, {"青岛市", "370000", "370200"}, {"烟台市", "370000", "370600"}, {"潍坊市", "370000", "370700"},
		{"北京市", "110000", "110000"}, {"天津市", "120000", "120000"}, {"郑州市", "410000", "410100"}, {"南京市", "320000", "320100"},
	}
}

func surnames() []string {
	return strings.Split("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹 袁 邓 许 傅 沈 曾 彭 吕", " ")
}

func givenNames() []string {
	return strings.Split("子轩 雨桐 浩宇 欣怡 思远 嘉宁 明哲 晓晨 文杰 静怡 志鹏 丽华 建平 海燕 国强 秀英 伟东 美玲 俊峰 春梅 立军 雪莹 永康 佳琪 振宇 慧敏 天佑 若曦 一鸣 婉清", " ")
}

func stems() []string {
	return strings.Split("云帆 恒泽 启辰 鼎峰 瑞禾 博远 安澜 华曜 中穗 新岳 海岚 明湖 泰岩 齐光 金穗 佳木 同舟 远图 澄江 百川 松涛 银桥 宏图 君合 立方 晨曦 星野 长青 融信 万象", " ")
}

// field is what a company does: the word in its name and the code of its industry.
type field struct{ word, code string }

func fields() []field {
	return []field{
		{"机械制造", "C"}, {"食品加工", "C"}, {"建筑工程", "E"}, {"商贸", "F"}, {"物流", "G"}, {"酒店管理", "H"}, {"软件科技", "I"},
		{"置业", "K"}, {"人力资源", "L"}, {"检测技术", "M"}, {"环境工程", "N"}, {"教育科技", "P"}, {"医疗服务", "Q"}, {"文化传媒", "R"},
	}
}

func (m *maker) makeCustomers() {
	for i := range m.customers {
		who, where := m.sellers[i%len(m.sellers)], pick(m, cities())
		c := &ent.Customer{
			ID: publicid.NewCustomerID(), Region: where.region, OwnerID: &who.id, DepartmentID: &who.home,
			Address: fmt.Sprintf("%s示例区%s路%d号", where.name, pick(m, []string{"春晖", "望湖", "和平里", "文汇", "工业北", "创新"}), 1+m.rand.IntN(300)),
			Source:  pick(m, []string{"WALK_IN", "PHONE", "EMAIL", "WEBSITE", "CUSTOMER_REFERRAL", "EXHIBITION", "TENDER", "COLD_CALL"}),
			Grade:   pick(m, []profile.Grade{profile.GradeA, profile.GradeB, profile.GradeB, profile.GradeC, profile.GradeC, profile.GradeC, profile.GradeD, profile.Ungraded}),
			Phone:   fmt.Sprintf("1210%07d", i+1),
		}
		if i%m.companies == 0 {
			m.company(i, c, where)
		} else {
			m.person(i, c)
		}
		m.rows.Customers = append(m.rows.Customers, c)
	}
}

func (m *maker) person(i int, c *ent.Customer) {
	c.Kind, c.Name = profile.Person, pick(m, surnames())+pick(m, givenNames())
	c.Category, c.SalesMode, c.Email = "MEMBER", "RETAIL", fmt.Sprintf("member%04d@mail.example", i+1)
}

func (m *maker) company(i int, c *ent.Customer, where city) {
	does := pick(m, fields())
	name := where.name[:len(where.name)-len("市")] + pick(m, stems()) + does.word + pick(m, []string{"有限公司", "有限公司", "股份有限公司"})
	for m.used[name] {
		name = pick(m, stems()) + name
	}
	m.used[name] = true
	code := creditCode(where.division, i+1)
	c.Kind, c.Name, c.ShortName, c.CreditCode = profile.Company, name, strings.TrimSuffix(strings.TrimSuffix(name, "有限公司"), "股份"), &code
	c.Industry, c.Category, c.SalesMode = does.code, pick(m, []string{"GROUP", "END_USER", "END_USER", "INSTITUTION"}), pick(m, []string{"DIRECT", "DIRECT", "TENDER"})
	c.Ownership = pick(m, []string{"STATE", "PRIVATE", "PRIVATE", "LIMITED", "JOINT_STOCK", "JOINT_VENTURE"})
	c.Website, c.Email = fmt.Sprintf("https://c%04d.example", i+1), fmt.Sprintf("office@c%04d.example", i+1)
	for n := range 1 + m.rand.IntN(3) {
		row := &ent.Contact{
			ID: publicid.NewContactID(), CustomerID: c.ID, Name: pick(m, surnames()) + pick(m, givenNames()), IsPrimary: n == 0,
			Gender: pick(m, []profile.Gender{profile.Female, profile.Male, profile.Unstated}), JobTitle: pick(m, []string{"总经理", "采购经理", "信息主管", "财务经理", "行政主任"}),
			Department: pick(m, []string{"总经办", "采购部", "信息中心", "财务部", "行政部"}), Mobile: fmt.Sprintf("122%d%07d", n, i+1),
			Email: fmt.Sprintf("contact%d@c%04d.example", n+1, i+1), Wechat: fmt.Sprintf("demo_c%04d_%d", i+1, n+1),
		}
		m.rows.Contacts = append(m.rows.Contacts, row)
		if n == 0 {
			m.contact[c.ID] = row.ID
		}
	}
}

// creditCode makes a valid unified social credit code that shows what it is: the organisation's part is DEM00 and the
// number, and no company has that.
func creditCode(division string, n int) string {
	head := fmt.Sprintf("91%sDEM00%04d", division, n)
	for _, check := range "0123456789ABCDEFGHJKLMNPQRTUWXY" {
		if code := head + string(check); profile.ValidCreditCode(code) == nil {
			return code
		}
	}
	return "" // one of the signs is always right
}
