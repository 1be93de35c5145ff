package shipped

// serviceTypes begin with the three that a service record needs in any case (D2), then those that service
// contracts name (D8) and those that calls are made for (B12, D6).
func serviceTypes() []row {
	return []row{
		{"ON_SITE", "上门服务", "On-site service"},
		{"COMPLAINT", "解决客户投诉", "Complaint handling"},
		{"TRAINING", "客户培训", "Customer training"},
		{"INSTALLATION", "系统安装", "Installation"},
		{"TECHNICAL_SUPPORT", "技术支持", "Technical support"},
		{"MAINTENANCE", "维护保养", "Maintenance"},
		{"CONSULTATION", "咨询答疑", "Consultation"},
		{"RETURN_VISIT", "日常回访", "Return visit"},
		{"CARE", "客户关怀", "Customer care"},
		{"OTHER", "其他", "Other"},
	}
}

func paymentPurposes() []row {
	return []row{
		{"DEPOSIT", "定金", "Deposit"},
		{"ADVANCE", "预付款", "Advance payment"},
		{"DOWN_PAYMENT", "首付款", "Down payment"},
		{"FULL", "全款", "Full payment"},
		{"INSTALMENT", "分期款", "Instalment"},
		{"PROGRESS", "进度款", "Progress payment"},
		{"ON_DELIVERY", "到货款", "Payment on delivery"},
		{"ON_ACCEPTANCE", "验收款", "Payment on acceptance"},
		{"BALANCE", "尾款", "Balance"},
		{"LOAN", "贷款放款", "Loan disbursement"},
		{"RETENTION", "质保金", "Retention money"},
		{"SERVICE_FEE", "服务费", "Service fee"},
		{"RENT", "租金", "Rent"},
		{"PENALTY", "违约金", "Contractual penalty"},
		{"REFUND", "退款", "Refund"},
		{"OTHER", "其他", "Other"},
	}
}

func documentTypes() []row {
	return []row{
		{"ORIGINAL", "合同原稿", "Contract original"},
		{"SIGNED_COPY", "签署扫描件", "Signed copy"},
		{"AMENDMENT", "变更文件", "Amendment"},
		{"CHANGE_EVIDENCE", "变更依据", "Evidence for a change"},
		{"DRAWING", "附图", "Drawing"},
		{"ANNEX", "合同附件", "Annex"},
		{"QUOTATION", "报价单", "Quotation"},
		{"TENDER", "招投标文件", "Tender document"},
		{"DELIVERY_NOTE", "收货单", "Delivery note"},
		{"ACCEPTANCE", "验收单", "Acceptance record"},
		{"INVOICE", "发票", "Invoice"},
		{"PAYMENT_PROOF", "付款凭证", "Proof of payment"},
		{"APPROVAL_SHEET", "合同审批单", "Approval sheet"},
		{"QUALIFICATION", "资质证照", "Licence or qualification"},
		{"CORRESPONDENCE", "往来函件", "Correspondence"},
		{"TERMINATION", "解除终止文件", "Termination document"},
		{"OTHER", "其他", "Other"},
	}
}
